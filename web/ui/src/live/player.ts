import { reactive } from 'vue'
import { Problem, type LookParams } from '../api/client'
import { stream } from '../api/stream'
import type { CameraChange, TicketEnd } from '../api/types'
import { clocks, type Clocks } from './clocks'
import type { Connection } from './connection'
import { FrameWatch, staleMs, type Delay } from './frames'
import { openMse } from './mse'
import { openWhep } from './whep'

export type Phase = 'idle' | 'connecting' | 'playing' | 'retrying' | 'denied' | 'ended'

/** What a live view is doing, for the tile to say. */
export interface PlayerState {
  phase: Phase
  /** When the phase began, ms since the epoch. */
  since: number
  transport: '' | 'webrtc' | 'mse'
  /** When the last new picture was decoded, 0 before the first. */
  lastFrame: number
  /** Undefined where it cannot be measured. */
  delay: Delay | undefined
  problem: Problem | undefined
  /** Why the service ended the view. */
  reason: string
  obligations: string[]
}

type Opener = (video: HTMLVideoElement, camera: string, look: LookParams, signal: AbortSignal) => Promise<Connection>

/** How the player reaches the world; the tests put their own in. */
export interface PlayerParts {
  whep: Opener
  mse: Opener
  random: () => number
  clocks: Clocks
}

const realParts: PlayerParts = { whep: openWhep, mse: openMse, random: Math.random, clocks }

// Four seconds at most: after a restart of the server every tile must be back
// within ten.
const firstBackoffMs = 400
const maxBackoffMs = 4000
// While the whole service is away the event stream says when it is back, and
// asking before would keep the machine of a wall of 25 tiles busy with offers
// that nobody takes; this long at most, should the stream be what is broken.
const awayMs = 15_000
// Connected and without a picture for so long means that the way is there and
// nothing comes through.
const firstFrameMs = 7000
const stuckMs = 10_000
// Still for so long when the service comes back: it was another service.
const goneMs = 1500
// After WebRTC found no way, the other tiles of this page need not find that
// out one by one. But where it once showed a picture there is a way, and what
// failed was the service or the machine: a wall that gave WebRTC up for that
// would have room for three views over Media Source, and leave the rest dark.
const avoidWhepMs = 5 * 60_000
// How often in a row a tile may fail over WebRTC where that once worked before it
// tries Media Source: each of those holds one of the six connections that a
// browser has to a service without TLS, and so holds up all the other tiles.
const whepTries = 3
let avoidWhepUntil = 0
let whepWorks = false

function whepFailed() {
  if (!whepWorks) avoidWhepUntil = Date.now() + avoidWhepMs
}

// Ends of a look that are no denial: its time was over, its picture has to be
// made differently now, the camera or the service went away, the access log
// cannot be written (asking says so, until it can).
const askAgain = new Set(['ttl', 'duties', 'camera', 'failed', 'shutdown', 'audit_unavailable'])

/** Forgets what was learnt of WebRTC; for tests. */
export function forgetTransport() {
  avoidWhepUntil = 0
  whepWorks = false
}

/**
 * Plays one camera live in a video element and keeps doing so: WebRTC first,
 * Media Source when that finds no way, again with back-off when it breaks. It
 * stops for good only when the server says no or ends the look; then `retry`
 * asks anew.
 */
export class LivePlayer {
  readonly state: PlayerState = reactive({
    phase: 'idle', since: Date.now(), transport: '', lastFrame: 0, delay: undefined,
    problem: undefined, reason: '', obligations: [],
  })
  private abort: AbortController | undefined
  private backoff = firstBackoffMs
  private whepMissed = 0
  private connection: Connection | undefined
  private wake: (() => void) | undefined
  private frames: FrameWatch
  private offs: (() => void)[] = []
  private video: HTMLVideoElement
  private camera: string
  private parts: PlayerParts

  constructor(video: HTMLVideoElement, camera: string, parts: PlayerParts = realParts) {
    this.video = video
    this.camera = camera
    this.parts = parts
    this.frames = new FrameWatch(video)
  }

  /** Starts, or starts over for another purpose. */
  start(look: LookParams) {
    this.stop()
    const abort = (this.abort = new AbortController())
    this.offs = [
      this.parts.clocks.use(),
      stream.on('ticket', (b) => this.onTicket(b as TicketEnd)),
      // What was waited for may be there again: the service, or the camera.
      stream.on('up', () => this.serviceBack()),
      stream.on('camera', (b) => {
        const c = b as CameraChange
        if (c.camera === this.camera && c.state === 'live') this.wake?.()
      }),
    ]
    void this.run(look, abort.signal)
  }

  /** Ends the view and frees what it held. */
  stop() {
    for (const off of this.offs.splice(0)) off()
    this.abort?.abort()
    this.abort = undefined
    this.connection?.close()
    this.connection = undefined
    this.frames.stop()
    this.set('idle')
  }

  private set(phase: Phase) {
    if (this.state.phase === phase) return
    this.state.phase = phase
    this.state.since = Date.now()
    if (phase !== 'playing') {
      this.state.transport = ''
      this.state.delay = undefined
    }
    if (phase === 'connecting' || phase === 'playing') this.state.reason = ''
  }

  /**
   * The service answers again. A view that stood still meanwhile hangs on a
   * service that is no more; WebRTC itself would need eight seconds to say so.
   */
  private serviceBack() {
    this.backoff = firstBackoffMs
    this.wake?.()
    if (this.connection && this.state.phase === 'playing' && Date.now() - this.state.lastFrame > goneMs) this.connection.close(true)
  }

  private onTicket(end: TicketEnd) {
    if (!this.connection || !end.ticket || end.ticket !== this.connection.ticket) return
    // The service invites to ask again at once: nobody said no.
    if (askAgain.has(end.reason)) this.connection.close()
    else this.finish(end.reason)
  }

  private finish(reason: string) {
    this.abort?.abort()
    this.connection?.close()
    this.connection = undefined
    this.frames.stop()
    this.state.reason = reason
    this.state.lastFrame = 0
    this.set('ended')
  }

  private async run(look: LookParams, signal: AbortSignal) {
    this.backoff = firstBackoffMs
    while (!signal.aborted) {
      if (this.state.phase !== 'retrying') this.set('connecting')
      try {
        if (await this.once(look, signal)) this.backoff = firstBackoffMs
        this.state.problem = undefined
      } catch (err) {
        if (signal.aborted) return
        if (this.refused(err)) return
        this.state.problem = err instanceof Problem ? err : undefined
      }
      if (signal.aborted) return
      this.set('retrying')
      const wait = this.serviceAway() ? awayMs : this.backoff
      this.backoff = Math.min(this.backoff * 2, maxBackoffMs)
      await this.pause(wait * (0.75 + this.parts.random() / 2), signal)
    }
  }

  /** Reports whether nobody answers at all, and the stream will tell when somebody does. */
  private serviceAway(): boolean {
    return this.state.problem?.code === 'unreachable' && stream.status.everConnected && !stream.status.connected
  }

  /** Reports whether the server said no, as against could not just now. */
  private refused(err: unknown): boolean {
    if (!(err instanceof Problem) || ![401, 403, 404, 410].includes(err.status)) return false
    this.state.problem = err
    this.state.lastFrame = 0
    this.set('denied')
    return true
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.wake = undefined
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.wake = done
      signal.addEventListener('abort', done)
    })
  }

  /** One connection from opening to its end; true when it showed a picture. */
  private async once(look: LookParams, signal: AbortSignal): Promise<boolean> {
    const c = (this.connection = await this.open(look, signal))
    if (signal.aborted) {
      c.close()
      return false
    }
    let seen = false
    this.state.obligations = c.obligations
    const watch = new Promise<void>((resolve) => {
      const opened = Date.now()
      let last = opened
      this.frames.start((delay) => {
        seen = true
        if (c.transport === 'webrtc') whepWorks = true
        this.whepMissed = 0
        last = this.state.lastFrame = Date.now()
        this.state.delay = delay
        this.state.transport = c.transport
        this.set('playing')
      }, () => {
        if (document.hidden) return void (last = Date.now())
        const patience = seen ? stuckMs : firstFrameMs
        if (Date.now() - last > patience) resolve()
      }, () => this.onShow(), c.trip, (frame) => {
        const media = c.media(frame)
        return media === undefined ? undefined : this.parts.clocks.delay(c.ticket, media, performance.timeOrigin + frame.expectedDisplayTime)
      })
    })
    await Promise.race([c.ended, watch])
    if (!seen && c.transport === 'webrtc' && !signal.aborted) {
      this.whepMissed++
      whepFailed()
    }
    this.frames.stop()
    if (this.connection === c) this.connection = undefined
    c.close()
    return seen
  }

  /** Reports whether whoever shows this view has it uncovered: they all go by this. */
  private onShow(): boolean {
    return this.state.phase === 'playing' && Date.now() - this.state.lastFrame <= staleMs
  }

  private async open(look: LookParams, signal: AbortSignal): Promise<Connection> {
    const canWhep = 'RTCPeerConnection' in window && Date.now() >= avoidWhepUntil && this.whepMissed < whepTries
    if (!canWhep) this.whepMissed = 0
    if (canWhep) {
      try {
        return await this.parts.whep(this.video, this.camera, look, signal)
      } catch (err) {
        if (signal.aborted || (err instanceof Problem && err.status !== 501 && err.status !== 415)) throw err
        whepFailed()
        if (whepWorks && ++this.whepMissed < whepTries) throw err
      }
    }
    return this.parts.mse(this.video, this.camera, look, signal)
  }
}
