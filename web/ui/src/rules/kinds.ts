import { middle, type Point } from '../my/masks/shape'
import type { Kind, Rule } from './api'

/** What of a rule its kind uses; seconds are the default that a fresh one has. */
interface Shape {
  draw: 'zone' | 'line' | 'none'
  seconds?: number
  count?: number
}

export const kinds: Record<Kind, Shape> = {
  intrusion: { draw: 'zone', seconds: 0.5 },
  line_crossing: { draw: 'line' },
  loitering: { draw: 'zone', seconds: 60 },
  left_object: { draw: 'zone', seconds: 30 },
  removed_object: { draw: 'zone', seconds: 10 },
  parked: { draw: 'zone', seconds: 120 },
  crowd: { draw: 'zone', seconds: 5, count: 5 },
  tamper: { draw: 'none', seconds: 5 },
}

export const kindNames = Object.keys(kinds) as Kind[]

const line = (): Point[] => [[0.25, 0.6], [0.75, 0.6]]

/** A name that no other rule of the camera has. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted
  let n = 2
  while (taken.includes(`${wanted} ${n}`)) n++
  return `${wanted} ${n}`
}

/** The rule as another kind: what was drawn stays where the kind can use it, the rest is its defaults. */
export function asKind(r: Rule, kind: Kind): Rule {
  const k = kinds[kind]
  return {
    name: r.name, kind, seconds: k.seconds, count: k.count,
    zone: k.draw === 'zone' ? r.zone ?? middle() : undefined,
    line: k.draw === 'line' ? r.line ?? line() : undefined,
  }
}

export const fresh = (name: string): Rule => asKind({ name, kind: 'intrusion' }, 'intrusion')

/** Which i18n key says what is wrong with the rules, '' when nothing is. */
export function fault(list: readonly Rule[]): string {
  const names = list.map((r) => r.name.trim())
  if (names.some((n) => !n)) return 'rules.nameless'
  if (names.some((n) => new TextEncoder().encode(n).length > 64)) return 'rules.name_long'
  if (new Set(names).size < names.length) return 'rules.same_name'
  if (list.some((r) => r.seconds !== undefined && !(r.seconds >= 0 && r.seconds <= 86_400))) return 'rules.bad_seconds'
  if (list.some((r) => r.count !== undefined && !(r.count >= 1 && r.count <= 1000))) return 'rules.bad_count'
  if (list.some((r) => r.kind === 'line_crossing' && JSON.stringify(r.line?.[0]) === JSON.stringify(r.line?.[1]))) return 'rules.no_line'
  return ''
}

/**
 * Arrows across a line, from its middle to the side that is reached: one for a
 * direction, two for both. "right" is seen from the first point towards the
 * second in a picture whose y grows downwards. Units are the drawing's.
 */
export function arrows(line: readonly Point[], direction: string | undefined, wide: number, high: number, length: number): [number, number, number, number][] {
  const [[ax, ay], [bx, by]] = line.map(([x, y]) => [x * wide, y * high]) as [Point, Point]
  const l = Math.hypot(bx - ax, by - ay) || 1
  const [mx, my] = [(ax + bx) / 2, (ay + by) / 2]
  const [nx, ny] = [-(by - ay) / l, (bx - ax) / l] // to the right
  const to = (side: number): [number, number, number, number] => [mx, my, mx + nx * side * length, my + ny * side * length]
  return direction === 'right' ? [to(1)] : direction === 'left' ? [to(-1)] : [to(1), to(-1)]
}
