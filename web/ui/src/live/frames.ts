/** A measured delay; behind capture when whole, else only from the service on. */
export interface Delay {
  ms: number
  whole: boolean
}

/** How often decoded pictures are counted, ms. */
const pollMs = 250

/**
 * Tells when a video element decoded a new picture. The decoder's own counter
 * is asked, because currentTime also runs on without pictures, and the frame
 * callback rests in hidden tabs. The frame callback adds the delay: behind
 * capture where the sender's clock is known, else from the service to the
 * screen, which is half a round trip and what the browser buffers.
 */
export class FrameWatch {
  private timer: ReturnType<typeof setInterval> | undefined
  private callback = 0
  private delay: Delay | undefined
  private trip: () => number = () => 0
  private video: HTMLVideoElement

  constructor(video: HTMLVideoElement) {
    this.video = video
  }

  /** frame is told of new pictures with the delay, idle that none came; trip is the round trip in ms. */
  start(frame: (delay: Delay | undefined) => void, idle: () => void, trip: () => number = () => 0) {
    this.stop()
    this.trip = trip
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

  private watchDelay() {
    if (!('requestVideoFrameCallback' in this.video)) return
    const each = (_: number, meta: VideoFrameCallbackMetadata) => {
      // The time on the way here is not in receiveTime: half of a round trip is.
      const left = meta.captureTime ?? (meta.receiveTime === undefined ? undefined : meta.receiveTime - this.trip() / 2)
      if (left !== undefined) {
        const d = meta.expectedDisplayTime - left
        // A sender without a shared clock gives nonsense; then say nothing.
        const whole = meta.captureTime !== undefined
        const ms = this.delay?.whole === whole ? this.delay.ms * 0.8 + d * 0.2 : d
        this.delay = d >= 0 && d < 60_000 ? { ms, whole } : undefined
      }
      this.callback = this.video.requestVideoFrameCallback(each)
    }
    this.callback = this.video.requestVideoFrameCallback(each)
  }
}
