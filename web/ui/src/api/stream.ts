import { reactive } from 'vue'
import { Problem, request } from './client'

/** What the stream tells; missed says that some of it was lost for good. */
export type Topic = 'event' | 'camera' | 'consent' | 'ticket' | 'look' | 'desk' | 'missed'
type Listener = (body: unknown) => void

/** One field-complete message of a server-sent event stream. */
export interface SseMessage {
  id: string
  event: string
  data: string
}

/**
 * Incremental parser of text/event-stream (WHATWG HTML, section 9.2.6).
 * `push` takes decoded text in any pieces and returns the messages completed.
 */
export class SseParser {
  private rest = ''
  private data: string[] = []
  private event = ''
  lastId = ''

  push(text: string): SseMessage[] {
    const out: SseMessage[] = []
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/)
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) out.push({ id: this.lastId, event: this.event || 'message', data: this.data.join('\n') })
        this.data = []
        this.event = ''
        continue
      }
      if (line.startsWith(':')) continue
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') this.data.push(value)
      else if (field === 'event') this.event = value
      else if (field === 'id' && !value.includes('\0')) this.lastId = value
    }
    return out
  }
}

// The server sends a comment every 10 s; two and a half missed ones mean that
// the connection is dead although nobody said so.
const silenceMs = 25_000
// A wall waits for this before it asks for its pictures again, and all of them
// are to be back within ten seconds.
const maxBackoffMs = 1_500

/**
 * The page's one connection to /api/events/stream. EventSource would give up
 * on the first answer that is not 200 and cannot be told where to go on, so
 * the stream is read with fetch: it reconnects for as long as it is open and
 * sends the last id it saw.
 */
export class EventStream {
  readonly status = reactive({ connected: false, since: Date.now(), everConnected: false })
  private listeners = new Map<Topic | 'up', Set<Listener>>()
  private abort: AbortController | undefined
  private lastId = ''
  private running = false
  private generation = 0

  on(topic: Topic | 'up', f: Listener): () => void {
    const set = this.listeners.get(topic) ?? new Set()
    this.listeners.set(topic, set.add(f))
    return () => set.delete(f)
  }

  start() {
    if (this.running) return
    this.running = true
    window.addEventListener('offline', this.lost)
    void this.run(++this.generation)
  }

  /** The device has no network: the connection is dead, though nothing says so for a while. */
  private readonly lost = () => this.abort?.abort()

  /** Ends the connection and forgets the position: the next person starts anew. */
  stop() {
    this.running = false
    window.removeEventListener('offline', this.lost)
    this.generation++
    this.abort?.abort()
    this.lastId = ''
    this.mark(false)
  }

  private mark(connected: boolean) {
    if (this.status.connected === connected) return
    this.status.connected = connected
    this.status.since = Date.now()
    if (connected) this.status.everConnected = true
  }

  private async run(generation: number) {
    let backoff = 500
    while (generation === this.generation) {
      try {
        await this.once(() => {
          backoff = 500
          this.mark(true)
          this.tell('up', undefined)
        })
      } catch (err) {
        if (err instanceof Problem && err.status === 401) break
      }
      if (generation !== this.generation) return
      this.mark(false)
      await new Promise((r) => setTimeout(r, backoff * (0.75 + Math.random() / 2)))
      backoff = Math.min(backoff * 2, maxBackoffMs)
    }
    if (generation === this.generation) this.running = false
  }

  private async once(opened: () => void) {
    const abort = (this.abort = new AbortController())
    let timer = setTimeout(() => abort.abort(), silenceMs)
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (this.lastId) headers['Last-Event-ID'] = this.lastId
      const res = await request('/api/events/stream', { headers, signal: abort.signal })
      opened()
      const reader = res.body!.pipeThrough(new TextDecoderStream()).getReader()
      const parser = new SseParser()
      for (;;) {
        const { value, done } = await reader.read()
        if (done) return
        clearTimeout(timer)
        timer = setTimeout(() => abort.abort(), silenceMs)
        for (const m of parser.push(value)) this.deliver(m)
      }
    } finally {
      clearTimeout(timer)
      abort.abort()
    }
  }

  private deliver(m: SseMessage) {
    if (m.id) this.lastId = m.id
    let body: unknown
    try {
      body = JSON.parse(m.data)
    } catch {
      return
    }
    this.tell(m.event as Topic, body)
  }

  private tell(topic: Topic | 'up', body: unknown) {
    for (const f of this.listeners.get(topic) ?? []) f(body)
  }
}

export const stream = new EventStream()
