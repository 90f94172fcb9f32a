import { reactive } from 'vue'
import type { Feed } from './feed'

export const rates = [0.25, 0.5, 1, 2, 4, 8]

/** What the deck shows of itself. */
export interface DeckState {
  /** Seconds from the play's begin. */
  at: number
  playing: boolean
  /** Negative for backwards, by key pictures. */
  rate: number
  /** Waits for pictures that are on their way. */
  waiting: boolean
  /** How far the players are apart, in ms: measured while they play, else 0. */
  apart: number
}

interface Player {
  video: HTMLVideoElement
  feed: Feed
}

// A player this far from the clock is put there; nearer ones are nudged by
// their rate until they agree.
const jump = 0.3
const nudge = 0.12
const every = 40
// How many measurements of their distance are looked at together.
const window_ = 25

/**
 * One clock for several players. The clock is this machine's, not a video's: it
 * runs while every player has its pictures and stands while one waits, and each
 * player is held to it. Where a camera recorded nothing, its player rests.
 */
export class Deck {
  readonly state: DeckState = reactive({ at: 0, playing: false, rate: 1, waiting: false, apart: 0 })
  private players = new Map<string, Player>()
  private timer: ReturnType<typeof setInterval>
  private last = performance.now()
  private distances: number[] = []
  private total: number

  constructor(total: number) {
    this.total = total
    this.timer = setInterval(() => this.tick(performance.now()), every)
  }

  add(id: string, video: HTMLVideoElement, feed: Feed) {
    this.players.set(id, { video, feed })
    feed.want(this.state.at, this.state.rate)
  }

  drop(id: string) {
    this.players.get(id)?.feed.close()
    this.players.delete(id)
  }

  close() {
    clearInterval(this.timer)
    for (const id of [...this.players.keys()]) this.drop(id)
  }

  seek(at: number) {
    this.state.at = Math.min(this.total - 0.001, Math.max(0, at))
    this.distances = []
    for (const p of this.players.values()) {
      p.feed.want(this.state.at, this.state.rate)
      this.place(p)
    }
  }

  toggle() {
    this.state.playing = !this.state.playing
    if (this.state.playing && this.state.at >= this.total - 0.05 && this.state.rate > 0) this.seek(0)
    this.last = performance.now()
  }

  pause() {
    this.state.playing = false
  }

  setRate(rate: number) {
    this.state.rate = rate
    this.distances = []
    for (const p of this.players.values()) p.feed.want(this.state.at, rate)
  }

  /** One picture on: the next that any of the cameras took. */
  forward() {
    this.halt()
    const next = this.each((f) => f.after(this.state.at)?.at)
    this.seek(next.length > 0 ? Math.min(...next) : this.state.at + 0.1)
  }

  /** One picture back, or back to the last key picture. */
  back(key = false) {
    this.halt()
    const before = this.each((f) => f.before(this.state.at - 1e-3, key)?.at)
    this.seek(before.length > 0 ? Math.max(...before) : this.state.at - (key ? 1 : 0.1))
  }

  private halt() {
    this.pause()
    if (this.state.rate < 0 || this.state.rate > 2) this.setRate(1)
  }

  private each(f: (feed: Feed) => number | undefined): number[] {
    return [...this.players.values()].map((p) => f(p.feed)).filter((v) => v !== undefined)
  }

  /** Moves the clock on and holds every player to it. */
  tick(now: number) {
    const passed = Math.min(0.5, (now - this.last) / 1000)
    this.last = now
    const s = this.state
    const list = [...this.players.values()]
    s.waiting = list.some((p) => !p.feed.ready(s.at))
    if (s.playing && !s.waiting) this.advance(passed)
    for (const p of list) {
      p.feed.want(s.at, s.rate)
      this.hold(p)
    }
    this.measure(list)
  }

  private advance(passed: number) {
    const s = this.state
    if (s.rate > 0) {
      s.at = Math.min(this.total - 0.001, s.at + passed * s.rate)
      if (s.at >= this.total - 0.002) this.pause()
      return
    }
    s.at = Math.max(0, s.at + passed * s.rate)
    if (s.at === 0) this.pause()
  }

  private hold(p: Player) {
    const s = this.state
    const frame = p.feed.frameAt(s.at)
    const runs = s.playing && !s.waiting && s.rate > 0 && frame !== undefined
    if (!runs) {
      if (!p.video.paused) p.video.pause()
      this.place(p)
      return
    }
    const off = s.at - p.video.currentTime
    if (Math.abs(off) > jump * Math.max(1, s.rate)) p.video.currentTime = s.at
    const rate = s.rate * (1 + Math.max(-nudge, Math.min(nudge, off / s.rate)))
    if (Math.abs(p.video.playbackRate - rate) > 0.005) p.video.playbackRate = rate
    if (p.video.paused) void p.video.play().catch(() => {})
  }

  /** Shows the picture of the moment on a player that does not run. */
  private place(p: Player) {
    const frame = p.feed.frameAt(this.state.at)
    if (!frame || p.video.seeking) return
    const want = frame.at + 0.002
    if (Math.abs(p.video.currentTime - want) > 0.004) p.video.currentTime = want
  }

  /** How far the running players are apart: the largest of the last second. */
  private measure(list: Player[]) {
    const running = list.filter((p) => !p.video.paused && !p.video.seeking)
    if (running.length > 1) {
      // Read together, in one turn of the page's loop.
      const times = running.map((p) => p.video.currentTime)
      this.distances.push((Math.max(...times) - Math.min(...times)) * 1000)
      if (this.distances.length > window_) this.distances.shift()
    }
    this.state.apart = this.state.playing && this.distances.length > 0 ? Math.max(...this.distances) : 0
  }
}
