import { liveURL, Problem, request, type LookParams } from '../api/client'
import type { Connection } from './connection'
import { signalEnd } from './connection'
import { obligationsOf } from './whep'

const defaultMime = 'video/mp4; codecs="avc1.42c01e"'
// How far behind the newest picture playback may fall before it jumps, and how
// much of what was played stays in memory, in seconds.
const maxLag = 1.5
const keepBehind = 8
// Bytes waiting for the decoder beyond which this view starts again: a stalled
// source buffer must not eat the machine.
const maxQueued = 8 << 20

// Without HTTP/2 a browser opens six connections to a host, and a view holds one
// for as long as it lasts: the event stream and the buttons need theirs.
const maxOverHttp1 = 3
let open = 0

function multiplexed(): boolean {
  const [page] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return page !== undefined && page.nextHopProtocol !== 'http/1.1'
}

/**
 * Opens a live view as fragmented MP4 over one chunked response, fed to Media
 * Source Extensions. The fall-back where WebRTC finds no way.
 */
export async function openMse(video: HTMLVideoElement, camera: string, look: LookParams, signal: AbortSignal): Promise<Connection> {
  if (!('MediaSource' in window)) throw new Error('media source: not in this browser')
  if (open >= maxOverHttp1 && !multiplexed()) throw new Problem(0, { code: 'connection_limit' })
  open++
  let held = true
  const abort = new AbortController()
  const stop = () => abort.abort()
  signal.addEventListener('abort', stop)
  const end = signalEnd()
  let url = ''
  const close = () => {
    signal.removeEventListener('abort', stop)
    abort.abort()
    if (held) open--
    held = false
    if (url) {
      video.removeAttribute('src')
      video.load()
      URL.revokeObjectURL(url)
      url = ''
    }
    end.resolve('closed')
  }
  try {
    const res = await request(liveURL(camera, 'mse', look), { signal: abort.signal })
    const mime = res.headers.get('X-Shouwang-Mime') || defaultMime
    if (!MediaSource.isTypeSupported(mime)) throw new Error('media source: cannot play ' + mime)
    const source = new MediaSource()
    url = URL.createObjectURL(source)
    video.src = url
    await new Promise((r) => source.addEventListener('sourceopen', r, { once: true }))
    const feeder = new Feeder(video, source.addSourceBuffer(mime), abort.signal)
    void pump(res.body!.getReader(), feeder).then(
      () => end.resolve('lost'),
      () => end.resolve('lost'),
    )
    return {
      transport: 'mse',
      ticket: res.headers.get('X-Shouwang-Ticket') ?? '',
      obligations: obligationsOf(res),
      ended: end.promise,
      trip: () => 0,
      media: (frame) => frame.mediaTime * 90_000,
      close,
    }
  } catch (err) {
    close()
    throw err
  }
}

async function pump(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, feeder: Feeder) {
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    feeder.push(value)
  }
}

/** Feeds a source buffer in order, trims what was played, stays at the live edge. */
class Feeder {
  private queue: Uint8Array<ArrayBuffer>[] = []
  private queued = 0
  private video: HTMLVideoElement
  private buffer: SourceBuffer
  private over: AbortSignal

  constructor(video: HTMLVideoElement, buffer: SourceBuffer, over: AbortSignal) {
    this.video = video
    this.buffer = buffer
    this.over = over
    buffer.addEventListener('updateend', () => this.next(), { signal: over })
  }

  push(chunk: Uint8Array<ArrayBuffer>) {
    this.queue.push(chunk)
    this.queued += chunk.byteLength
    if (this.queued > maxQueued) throw new Error('media source: decoder does not keep up')
    this.next()
  }

  private next() {
    // A buffer of a view that was closed belongs to nobody and may not be asked.
    if (this.over.aborted || this.buffer.updating) return
    this.chase()
    const ranges = this.buffer.buffered
    if (ranges.length > 0 && this.video.currentTime - ranges.start(0) > 2 * keepBehind) {
      this.buffer.remove(ranges.start(0), this.video.currentTime - keepBehind)
      return
    }
    const chunk = this.queue.shift()
    if (!chunk) return
    this.queued -= chunk.byteLength
    this.buffer.appendBuffer(chunk)
  }

  private chase() {
    const ranges = this.buffer.buffered
    if (ranges.length === 0) return
    const edge = ranges.end(ranges.length - 1)
    const at = this.video.currentTime
    const lag = edge - at
    if (at < ranges.start(ranges.length - 1) || lag > maxLag) this.video.currentTime = Math.max(ranges.start(ranges.length - 1), edge - 0.3)
    this.video.playbackRate = lag > 0.8 && lag <= maxLag ? 1.08 : 1
    if (this.video.paused) void this.video.play().catch(() => {})
  }
}
