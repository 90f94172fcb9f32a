import { Problem } from '../api/client'
import type { LookParams } from '../api/client'
import { evidence, type Found, type Play } from './api'

/** A still's look reaches back so far, ms: a rendering learns the scene before it shows anything of it. */
const warmMs = 45_000
/** What one look of stills covers at most, ms: an owner reads it as one entry, so it stays a stretch one can picture. */
const mostMs = 10 * 60_000
/** How many stills are fetched at a time: live pictures go first. */
const together = 2
/** Widest still, in pixels. */
export const stillWidth = 320

/** The moment of an event that a still shows: its peak, where that is told. */
export const momentOf = (e: Pick<Found, 'start' | 'peak'>) => Math.max(Date.parse(e.start), Date.parse(e.peak ?? e.start) || 0)

/** One look: stills of one camera's events that lie close together. */
export interface Look {
  camera: string
  from: number
  to: number
  events: string[]
}

/** Gathers events into as few looks as tell the owner honestly when was looked at. */
export function looksOf(events: readonly Found[]): Look[] {
  const out: Look[] = []
  const open = new Map<string, Look>()
  for (const e of [...events].sort((a, b) => momentOf(a) - momentOf(b))) {
    const at = momentOf(e)
    let look = open.get(e.camera)
    if (!look || at + 5_000 - look.from > mostMs) {
      look = { camera: e.camera, from: at - warmMs, to: at + 5_000, events: [] }
      open.set(e.camera, look)
      out.push(look)
    }
    look.to = Math.max(look.to, at + 5_000)
    look.events.push(e.id)
  }
  return out
}

/**
 * Stills of events, each look opened when its first still is asked for and
 * ended when its last was given. They live in the page's memory only.
 */
export class Stills {
  private readonly looks: Look[]
  private readonly plays = new Map<Look, Promise<Play>>()
  private readonly left = new Map<Look, number>()
  private readonly queue: (() => void)[] = []
  private readonly abort = new AbortController()
  private running = 0

  constructor(events: readonly Found[], private readonly why: LookParams, private readonly width = stillWidth) {
    this.looks = looksOf(events)
    for (const l of this.looks) this.left.set(l, l.events.length)
  }

  /** The picture as a film of one frame; undefined where nothing is recorded. Throws a Problem where it may not be shown. */
  async film(e: Found): Promise<ArrayBuffer | undefined> {
    const look = this.looks.find((l) => l.events.includes(e.id))
    if (!look) return undefined
    await this.turn()
    try {
      const play = await this.open(look)
      const camera = play.cameras?.[0]
      if (!camera?.allowed) throw new Problem(403, { code: camera?.code ?? 'denied', text: camera?.text, reasons: camera?.reasons ?? [] })
      return await evidence.still(play.id!, look.camera, new Date(momentOf(e)).toISOString(), this.abort.signal)
    } finally {
      this.running--
      this.queue.shift()?.()
      this.given(look)
    }
  }

  /** Ends every look that is still open. */
  close() {
    this.abort.abort()
    for (const look of this.plays.keys()) this.end(look)
  }

  private open(look: Look): Promise<Play> {
    let play = this.plays.get(look)
    if (!play) {
      const body = { cameras: [look.camera], from: new Date(look.from).toISOString(), to: new Date(Math.min(look.to, Date.now())).toISOString(), width: this.width }
      this.plays.set(look, (play = evidence.open(body, this.why)))
    }
    return play
  }

  private given(look: Look) {
    const left = this.left.get(look)! - 1
    this.left.set(look, left)
    if (left <= 0) this.end(look)
  }

  private end(look: Look) {
    const play = this.plays.get(look)
    this.plays.delete(look)
    void play?.then((p) => (p.id ? evidence.end(p.id) : undefined)).catch(() => {})
  }

  private async turn() {
    while (this.running >= together) await new Promise<void>((r) => this.queue.push(r))
    this.abort.signal.throwIfAborted()
    this.running++
  }
}

const decodeMs = 10_000

/**
 * Draws a film's first picture, or its last; the film itself is let go of at
 * once. Chromium paints nothing of a film that was never played or sought.
 */
export async function draw(film: ArrayBuffer, canvas: HTMLCanvasElement, last = false): Promise<void> {
  const video = document.createElement('video')
  const url = URL.createObjectURL(new Blob([film], { type: 'video/mp4' }))
  try {
    await new Promise<void>((done, failed) => {
      const late = setTimeout(() => failed(new Problem(0, { code: 'cannot_play' })), decodeMs)
      const settle = (f: () => void) => () => (clearTimeout(late), f())
      video.muted = true
      video.onloadeddata = () => (video.currentTime = last ? Math.max(0, video.duration - 0.05) : Math.min(0.05, video.duration / 2))
      video.onseeked = settle(done)
      video.onerror = settle(() => failed(new Problem(0, { code: 'cannot_play' })))
      video.src = url
    })
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    canvas.getContext('2d')!.drawImage(video, 0, 0)
  } finally {
    video.removeAttribute('src')
    video.load()
    URL.revokeObjectURL(url)
  }
}
