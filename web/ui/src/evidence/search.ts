import { api, Problem } from '../api/client'
import type { Camera, Event, Gap } from '../api/types'

export interface Query {
  /** Cameras to search; empty means all that the person may know of. */
  cameras: string[]
  kind: string
  from: Date
  to: Date
}

/** A camera whose recordings were not searched, wholly or in part. */
export interface NotSearched {
  camera: Camera
  problem?: Problem
  /** Nothing is recorded in the whole span. */
  empty?: boolean
  gaps: Gap[]
}

export interface Found {
  events: Event[]
  notSearched: NotSearched[]
  /** The service returned as many as it was asked for: there may be more. */
  cut: boolean
}

const limit = 500
// Requests under way at a time: the browser allows six to a host, and the
// event stream needs one.
const parallel = 4

/** Runs f over a list, a few at a time, keeping the order of the results. */
export async function eachOf<T, R>(list: T[], f: (x: T) => Promise<R>): Promise<R[]> {
  const out: R[] = []
  let next = 0
  await Promise.all(Array.from({ length: Math.min(parallel, list.length) }, async () => {
    for (let i = next++; i < list.length; i = next++) out[i] = await f(list[i]!)
  }))
  return out
}

async function coverage(camera: Camera, q: Query): Promise<NotSearched | undefined> {
  try {
    const t = await api.timeline(camera.id, q.from.toISOString(), q.to.toISOString())
    const empty = (t.segments ?? []).length === 0
    const gaps = t.gaps ?? []
    return empty || gaps.length > 0 ? { camera, empty, gaps } : undefined
  } catch (err) {
    if (err instanceof Problem && err.status !== 401) return { camera, problem: err, gaps: [] }
    throw err
  }
}

/** Searches events, and asks of every camera searched what it could not answer for. */
export async function search(q: Query, all: Camera[]): Promise<Found> {
  const chosen = q.cameras.length > 0 ? all.filter((c) => q.cameras.includes(c.id)) : all
  const span = { from: q.from.toISOString(), to: q.to.toISOString(), kind: q.kind || undefined, limit }
  const lists = q.cameras.length > 0
    ? await eachOf(q.cameras, (camera) => api.events({ ...span, camera }))
    : [await api.events(span)]
  const notSearched = await eachOf(chosen, (c) => coverage(c, q))
  return {
    events: lists.flat().sort((a, b) => Date.parse(b.start) - Date.parse(a.start)),
    notSearched: notSearched.filter((n) => n !== undefined),
    cut: lists.some((l) => l.length >= limit),
  }
}

/** Local date and time as <input type="datetime-local"> writes it. */
export function localInput(d: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`
}
