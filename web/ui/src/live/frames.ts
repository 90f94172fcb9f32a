/**
 * A measured delay: behind the scene when whole, that is where the camera's own
 * clock is known; else from when the picture reached the service.
 */
export interface Delay {
  ms: number
  whole: boolean
}

/** How often decoded pictures are counted, ms. */
const pollMs = 250

/**
 * Tells when a video element decoded a new picture. The decoder's own counter
 * is asked, because currentTime also runs on without pictures, and the frame
 * callback rests in hidden tabs. The frame callback adds the delay: what the
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

  /** frame is told of new pictures with the delay, idle that none came; trip is the round trip in ms, age what is known of a frame. */
  start(frame: (delay: Delay | undefined) => void, idle: () => void, trip: () => number = () => 0, age: (f: VideoFrameCallbackMetadata) => Delay | undefined = () => undefined) {
    this.stop()
    this.trip = trip
    this.age = age
    this.delay = undefined
    let last = this.count()
    this.watchDelay()
    this.timer = setInterval(() => {
      const n = this.count()
      // A new source starts its count at 0 again.
      if (n > last) frame(this.delay)
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

  private count(): number {
    const q = this.video.getVideoPlaybackQuality?.()
    return q ? q.totalVideoFrames - q.droppedVideoFrames : 0
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
