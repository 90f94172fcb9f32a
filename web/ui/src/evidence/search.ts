import { reactive, shallowRef } from 'vue'
import { remembered } from '../clips/purpose'
import { local, moment } from '../i18n/time'
import { evidence, type Found, type SearchBody, type SearchResult } from './api'

/** What may be asked for by name; each stands for a kind of event and a label. */
export const whats = ['person', 'vehicle', 'animal', 'motion', 'intrusion', 'line_crossing', 'loitering', 'left_object', 'removed_object', 'parked', 'crowd', 'tamper', 'camera_offline']
export const headings = ['left', 'up', 'down', 'right'] as const
/** Sizes as shares of the picture. */
export const sizes = { any: [0, 0], small: [0, 0.02], medium: [0.02, 0.1], large: [0.1, 0] } as const
export type Size = keyof typeof sizes

export interface Form {
  cameras: string[]
  what: string[]
  headings: string[]
  size: Size
  region: [number, number][]
  /** Local times in the township's zone. */
  from: string
  to: string
}

export function fresh(now = Date.now()): Form {
  return { cameras: [], what: [], headings: [], size: 'any', region: [], from: local(now - 24 * 3_600_000).slice(0, 16), to: local(now + 60_000).slice(0, 16) }
}

/** The form and what it found; kept while one looks at something and comes back. */
export const form = reactive<Form>({ ...fresh(), from: '', to: '' })
export const found = shallowRef<SearchResult>()

export function bodyOf(f: Form): SearchBody {
  const [min, max] = sizes[f.size]
  return {
    from: new Date(moment(f.from)).toISOString(), to: new Date(moment(f.to)).toISOString(),
    cameras: f.cameras, kinds: f.what, labels: f.what.filter((w) => ['person', 'vehicle', 'animal'].includes(w)),
    headings: f.headings as SearchBody['headings'], region: f.region.length >= 3 ? f.region : undefined,
    min_area: min || undefined, max_area: max || undefined, limit: 100, case: remembered.case,
  } as SearchBody
}

export function badSpan(f: Form): boolean {
  return !(moment(f.to) > moment(f.from))
}

export async function search() {
  found.value = await evidence.search(bodyOf(form))
}

/** Adds the next page to what was found. */
export async function more() {
  const now = found.value
  const last = now?.events?.at(-1)
  if (!now || !last) return
  const next = await evidence.search({ ...bodyOf(form), before: last.id })
  found.value = { ...now, events: [...(now.events ?? []), ...(next.events ?? [])], more: next.more }
}

/** The address of a play of these events: a little before the first, a little after the last. */
export function playOf(events: readonly Found[]) {
  const starts = events.map((e) => Date.parse(e.start))
  const ends = events.map((e) => (e.end ? Date.parse(e.end) : Date.parse(e.start) + 10_000))
  const first = Math.min(...starts)
  const from = first - 60_000
  // What lies ahead is not recorded yet; an hour is the most that one look covers.
  const to = Math.min(Date.now(), Math.max(...ends) + 120_000, from + 3_600_000)
  return {
    path: '/evidence/play',
    query: {
      cameras: [...new Set(events.map((e) => e.camera))].slice(0, 9).join(','),
      from: new Date(from).toISOString(), to: new Date(to).toISOString(), at: new Date(first - 1000).toISOString(),
    },
  }
}
