import { Problem } from '../api/client'
import type { Frame, Piece } from './api'

/** Where a feed gets its pieces from; the tests put their own in. */
export type Fetcher = (n: number, keys: boolean, signal: AbortSignal) => Promise<Piece>

const mime = 'video/mp4; codecs="avc1.42E01E"'
// How far ahead of the clock pieces are fetched, in seconds of real time, and
// how many pieces stay in memory.
const ahead = 6
const keep = 45
const patienceMs = 700

/**
 * Brings one camera's recording into a video element, piece by piece, as far as
 * the clock needs it. Media time is seconds from the play's begin, so every
 * feed of a play is on one clock. Pieces are asked for in order where possible:
 * the service renders on from where it was.
 */
export class Feed {
  /** Why nothing more comes: the look is over, or was refused. */
  problem: Problem | undefined
  private source = new MediaSource()
  private buffer: SourceBuffer | undefined
  private url = ''
  private pieces = new Map<number, Frame[]>()
  private keys = false
  private wanted = 0
  private rate = 1
  private work: AbortController | undefined
  private closed = false
  private video: HTMLVideoElement
  private fetcher: Fetcher
  private lengths: [number, number]
  private total: number
  private changed: () => void

  /** lengths are the seconds that a piece covers, of every picture and of key pictures. */
  constructor(video: HTMLVideoElement, fetcher: Fetcher, lengths: [number, number], total: number, changed: () => void = () => {}) {
    this.video = video
    this.fetcher = fetcher
    this.lengths = lengths
    this.total = total
    this.changed = changed
    this.url = URL.createObjectURL(this.source)
    video.src = this.url
    this.source.addEventListener('sourceopen', () => {
      this.buffer = this.source.addSourceBuffer(mime)
      this.source.duration = total
      void this.run()
    }, { once: true })
  }

  /** Says where the clock is and how fast it goes; negative for backwards. */
  want(at: number, rate: number) {
    const keys = rate < 0 || rate > 2
    if (keys !== this.keys) this.forget(keys)
    const jumped = Math.abs(at - this.wanted) > this.length
    this.wanted = at
    this.rate = rate
    if (jumped && !this.has(this.pieceOf(at))) this.work?.abort()
    void this.run()
  }

  /** Reports whether the pictures of a moment are there, or known not to be. */
  ready(at: number): boolean {
    if (this.problem) return true
    const n = this.pieceOf(at)
    const here = this.pieces.get(n)
    if (!here) return false
    // The tail of a group of pictures lies in the piece where the group began.
    return here.length > 0 && here[0]!.at <= at ? true : n === 0 || this.pieces.has(n - 1)
  }

  /** The picture shown at a moment, if one was taken at most `hole` seconds before. */
  frameAt(at: number, hole = 3): Frame | undefined {
    const f = this.before(at + 1e-4)
    return f && at - f.at <= (this.keys ? 15 : hole) ? f : undefined
  }

  /** The last picture, or key picture, before a moment. */
  before(at: number, key = false): Frame | undefined {
    for (let n = this.pieceOf(at); n >= this.pieceOf(at) - 2 && n >= 0; n--) {
      const found = (this.pieces.get(n) ?? []).filter((f) => f.at < at && (!key || f.key)).at(-1)
      if (found) return found
    }
    return undefined
  }

  /** The first picture after a moment. */
  after(at: number): Frame | undefined {
    for (let n = Math.max(0, this.pieceOf(at) - 1); n <= this.pieceOf(at) + 1; n++) {
      const found = (this.pieces.get(n) ?? []).find((f) => f.at > at + 1e-4)
      if (found) return found
    }
    return undefined
  }

  close() {
    this.closed = true
    this.work?.abort()
    this.video.removeAttribute('src')
    this.video.load()
    URL.revokeObjectURL(this.url)
  }

  private get length() {
    return this.lengths[this.keys ? 1 : 0]
  }

  private pieceOf(at: number) {
    return Math.max(0, Math.min(Math.floor(at / this.length), Math.ceil(this.total / this.length) - 1))
  }

  private has(n: number) {
    return n < 0 || n * this.length >= this.total || this.pieces.has(n)
  }

  /** Drops what is there and goes on with key pictures only, or with all. */
  private forget(keys: boolean) {
    this.keys = keys
    this.work?.abort()
    this.pieces.clear()
    if (this.buffer && !this.buffer.updating && this.source.readyState === 'open') this.buffer.remove(0, this.total)
  }

  /** The piece to fetch next, or undefined while enough is there. */
  private next(): number | undefined {
    const n = this.pieceOf(this.wanted)
    const first = this.pieces.get(n)
    if (first && (first.length === 0 || first[0]!.at > this.wanted) && !this.has(n - 1)) return n - 1
    const reach = Math.max(1, Math.ceil((ahead * Math.abs(this.rate)) / this.length))
    for (let k = 0; k <= reach; k++) {
      const m = this.rate < 0 ? n - k : n + k
      if (!this.has(m)) return m
    }
    return undefined
  }

  private async run() {
    if (this.work || this.closed || this.problem || !this.buffer) return
    let n = this.next()
    while (n !== undefined && !this.closed && !this.problem) {
      const work = (this.work = new AbortController())
      const keys = this.keys
      try {
        const piece = await this.fetcher(n, keys, work.signal)
        if (keys === this.keys && !this.closed) {
          if (piece.data.byteLength > 0) await this.append(piece.data)
          this.pieces.set(n, piece.frames)
          this.changed()
          await this.trim()
        }
      } catch (err) {
        if (!work.signal.aborted) await this.failed(err)
      }
      this.work = undefined
      n = this.next()
    }
  }

  private async failed(err: unknown) {
    if (this.closed) return
    const known = err instanceof Problem ? err : new Problem(0, { code: 'cannot_play' })
    // Busy or away: it is asked again; anything else is an answer.
    if (known.status === 0 || known.status >= 500) await new Promise((r) => setTimeout(r, patienceMs))
    else this.problem = known
    this.changed()
  }

  private async append(data: ArrayBuffer) {
    const buffer = this.buffer!
    await settled(buffer)
    if (this.source.readyState !== 'open') return
    buffer.appendBuffer(data)
    await settled(buffer)
  }

  /** Lets go of what lies far from the clock. */
  private async trim() {
    if (this.pieces.size <= keep) return
    const here = this.pieceOf(this.wanted)
    const far = [...this.pieces.keys()].sort((a, b) => Math.abs(b - here) - Math.abs(a - here))[0]!
    this.pieces.delete(far)
    if (this.source.readyState !== 'open') return
    this.buffer!.remove(far * this.length, Math.min(this.total, (far + 1) * this.length))
    await settled(this.buffer!)
  }
}

function settled(buffer: SourceBuffer): Promise<void> {
  return buffer.updating ? new Promise((r) => buffer.addEventListener('updateend', () => r(), { once: true })) : Promise.resolve()
}
