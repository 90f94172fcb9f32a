/**
 * A measured delay: behind the scene when whole, that is where the camera's own
 * clock is known; else from when the picture reached the service.
 */
export interface Delay {
  ms: number
  whole: boolean
}

/** Without a new picture for so long, what is on the screen is not live, ms. */
export const staleMs = 2000

/** How often decoded pictures are counted, ms. */
const pollMs = 250

/**
 * Tells when a video element came by a new picture. Its own counters are asked,
 * because currentTime also runs on without pictures, and the frame callback
 * rests in hidden tabs. While the element is on show a picture counts that was
 * painted, not one that the machine had no time for. While it is covered every
 * decoded one does: nothing is painted under a cover, so that a cover that
 * waited for paint would never go. The frame callback adds the delay: what the
 * caller knows of the frame, else from the service to the screen, which is half
 * a round trip and what the browser buffers.
 */
export class FrameWatch {
  private timer: ReturnType<typeof setInterval> | undefined
  private callback = 0
  private delay: Delay | undefined
  private trip: () => number = () => 0
  private age: (frame: VideoFrameCallbackMetadata) => Delay | undefined = () => undefined
  private video: HTMLVideoElement

  constructor(video: HTMLVideoElement) {
    this.video = video
  }

  /**
   * frame is told of new pictures with the delay, idle that none came; onShow says whether the element is not covered,
   * trip is the round trip in ms, age what is known of a frame.
   */
  start(frame: (delay: Delay | undefined) => void, idle: () => void, onShow: () => boolean, trip: () => number = () => 0, age: (f: VideoFrameCallbackMetadata) => Delay | undefined = () => undefined) {
    this.stop()
    this.trip = trip
    this.age = age
    this.delay = undefined
    let last = this.count()
    this.watchDelay()
    this.timer = setInterval(() => {
      const n = this.count()
      // A new source starts its count at 0 again.
      if (onShow() ? n.painted > last.painted : n.decoded > last.decoded) frame(this.delay)
      else idle()
      last = n
    }, pollMs)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    if (this.callback) this.video.cancelVideoFrameCallback?.(this.callback)
    this.callback = 0
  }

  private count() {
    const q = this.video.getVideoPlaybackQuality?.()
    return q ? { decoded: q.totalVideoFrames, painted: q.totalVideoFrames - q.droppedVideoFrames } : { decoded: 0, painted: 0 }
  }

  /** From the service to the screen; the way here is not in receiveTime, but half of a round trip is. */
  private onTheWay(meta: VideoFrameCallbackMetadata): Delay | undefined {
    if (meta.receiveTime === undefined) return undefined
    const ms = meta.expectedDisplayTime - meta.receiveTime + this.trip() / 2
    return ms >= 0 && ms < 60_000 ? { ms, whole: false } : undefined
  }

  private watchDelay() {
    if (!('requestVideoFrameCallback' in this.video)) return
    const each = (_: number, meta: VideoFrameCallbackMetadata) => {
      const d = this.age(meta) ?? this.onTheWay(meta)
      if (d) this.delay = this.delay?.whole === d.whole ? { ms: this.delay.ms * 0.8 + d.ms * 0.2, whole: d.whole } : d
      this.callback = this.video.requestVideoFrameCallback(each)
    }
    this.callback = this.video.requestVideoFrameCallback(each)
  }
}
