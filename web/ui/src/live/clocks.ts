import { json } from '../api/client'
import type { LiveClock } from '../api/types'
import type { Delay } from './frames'

const everyMs = 4000
// What a player tells must lie near what the service sent last, or one of the
// two is about another run of pictures.
const nearMs = 20_000
// No picture is shown before it was taken; our clocks agree no better than this.
const slackMs = 30

/** This page's clock in ms since the epoch; it does not jump when the system's is set. */
export const pageNow = () => performance.timeOrigin + performance.now()

/**
 * Knows how old pictures are: the service tells, for each of our live views,
 * which time stamp goes with which moment, and its own clock beside it. One
 * question for all tiles.
 */
export class Clocks {
  private marks = new Map<string, LiveClock>()
  /** The service's clock minus the page's, ms. */
  private offset = 0
  private users = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private ask: () => Promise<{ now: string; clocks: LiveClock[] }>

  constructor(ask = () => json<{ now: string; clocks: LiveClock[] }>('GET', '/api/live/clocks')) {
    this.ask = ask
  }

  /** Begins to ask; the function returned stops it with the last user. */
  use(): () => void {
    if (this.users++ === 0) this.again(800)
    let done = false
    return () => {
      if (done) return
      done = true
      if (--this.users > 0) return
      clearTimeout(this.timer)
      this.marks.clear()
    }
  }

  private again(ms: number) {
    this.timer = setTimeout(() => void this.once(), ms)
  }

  private async once() {
    const asked = pageNow()
    try {
      const got = await this.ask()
      const answered = pageNow()
      this.offset = Date.parse(got.now) - (asked + answered) / 2
      this.marks = new Map(got.clocks.map((c) => [c.ticket, c]))
    } catch {
      this.marks.clear()
    }
    if (this.users > 0) this.again(everyMs)
  }

  /**
   * How far behind the scene a picture is that is shown at a moment of the
   * page's clock. media is what the player calls it, in 90 kHz ticks.
   */
  delay(ticket: string, media: number, shownAt: number): Delay | undefined {
    const m = this.marks.get(ticket)
    if (!m) return undefined
    // RTP time stamps wrap at 32 bits; so does this difference.
    const after = ((media - m.media) | 0) / 90
    const ms = shownAt + this.offset - (Date.parse(m.wall) + after)
    if (Math.abs(after) > nearMs || ms < -slackMs || ms > 60_000) return undefined
    return { ms: Math.max(0, ms), whole: m.source === 'sender_report' }
  }
}

export const clocks = new Clocks()
