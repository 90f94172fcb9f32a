import type { Event } from '../api/types'
import { kindOf } from './lift'

/** Events before one camera that belong together: the same thing, again and again. */
export interface EventGroup {
  /** The id of its first event, which stays while it grows. */
  id: string
  camera: string
  what: string
  /** Newest first. */
  events: Event[]
  from: number
  to: number
  running: boolean
  open: boolean
}

// Two events of one kind before one camera within this are one thing to look at.
const apartMs = 90_000
// Nobody judges an hour's worth in one go.
const longestMs = 10 * 60_000

const end = (e: Event, now: number) => (e.phase === 'end' ? Date.parse(e.end ?? e.start) : now)

/** Puts events, newest first, into groups, newest first. */
export function groupEvents(events: readonly Event[], now: number): EventGroup[] {
  const out: EventGroup[] = []
  const last = new Map<string, EventGroup>()
  for (const e of events) {
    const key = [e.camera, kindOf(e), e.verdict ?? ''].join(' ')
    const from = Date.parse(e.start)
    const to = end(e, now)
    const g = last.get(key)
    if (g && g.from - to <= apartMs && g.to - from <= longestMs) {
      g.events.push(e)
      g.id = e.id
      g.from = Math.min(g.from, from)
      g.running ||= e.phase !== 'end'
      continue
    }
    const made = { id: e.id, camera: e.camera, what: kindOf(e), events: [e], from, to, running: e.phase !== 'end', open: !e.verdict }
    last.set(key, made)
    out.push(made)
  }
  return out
}
