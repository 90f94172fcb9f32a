import type { Found } from './api'

const things = ['person', 'vehicle', 'animal']
const rules = ['intrusion', 'line_crossing', 'loitering', 'left_object', 'removed_object', 'parked', 'crowd', 'tamper']

/** What an event is shown as: its label where it is only motion. */
export function what(e: Pick<Found, 'kind' | 'label'>): string {
  return e.kind === 'motion' && e.label ? e.label : e.kind
}

/** The colour that an event has, as a class: person, vehicle, animal, rule or motion. */
export function hue(e: Pick<Found, 'kind' | 'label'>): string {
  const w = what(e)
  return things.includes(w) ? w : rules.includes(w) ? 'rule' : 'motion'
}

/** Seconds that a clip begins before its event and ends behind it, at least, and how long it is at least. */
const around = 5
const least = 20

/**
 * The stretch that a case takes of an event, milliseconds: with what led to it, and long
 * enough that a veiled copy of it knows its scene (17 s), within the play from to.
 */
export function clipOf(e: Pick<Found, 'start' | 'end'>, from: number, to: number): { from: number; to: number } {
  const begin = Date.parse(e.start) - around * 1000
  const end = Math.max((e.end ? Date.parse(e.end) : to) + around * 1000, begin + least * 1000)
  const last = Math.min(end, to)
  return { from: Math.max(Math.min(begin, last - least * 1000), from), to: last }
}

/** Eight arrows by where the thing went, '' when it stayed. */
export function arrow(e: Pick<Found, 'track'>): string {
  const track = e.track ?? []
  const a = track[0]?.box
  const b = track.at(-1)?.box
  if (!a || !b) return ''
  const dx = b[0]! + b[2]! / 2 - (a[0]! + a[2]! / 2)
  const dy = (b[1]! + b[3]! / 2 - (a[1]! + a[3]! / 2)) * (9 / 16)
  if (Math.hypot(dx, dy) < 0.05) return ''
  return '→↘↓↙←↖↑↗'[(Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) + 8) % 8]!
}
