import type { Event } from '../api/types'

/** How a wall lifts tiles; part of its layout. */
export interface LiftRules {
  /** How long a lifted tile stays large after its event ended, and at the least. */
  dwellMs: number
  /** How many tiles are lifted at most. */
  max: number
  /** Kinds of event, the most urgent first; others never lift. */
  priority: readonly string[]
}

// Mere motion lifts one tile at a time and leaves room for what is known to be
// more than that.
const maxLiftedByMotion = 1
// An event that never says it ended must not hold the wall for ever.
const staleMs = 5 * 60_000

/** A camera whose tile is lifted, since when, and how urgent that is (0 most). */
export interface Lift {
  camera: string
  since: number
  rank: number
  motion: boolean
}

/** What an event is called: a labelled motion by its label. */
export function kindOf(e: Event): string {
  return e.label && e.kind === 'motion' ? e.label : e.kind
}

/** What wants to be lifted now: each camera once, with its most urgent event. */
function wanted(events: readonly Event[], now: number, rules: LiftRules): Map<string, Omit<Lift, 'since'>> {
  const out = new Map<string, Omit<Lift, 'since'>>()
  for (const e of events) {
    const rank = rules.priority.indexOf(kindOf(e))
    if (e.verdict || rank < 0) continue
    const until = e.phase === 'end' ? Date.parse(e.end ?? e.start) + rules.dwellMs : Infinity
    if (now >= until || now - Date.parse(e.peak ?? e.start) > staleMs) continue
    const motion = kindOf(e) === 'motion'
    const had = out.get(e.camera)
    if (!had || rank < had.rank) out.set(e.camera, { camera: e.camera, rank, motion: motion && (had?.motion ?? true) })
  }
  return out
}

/**
 * Which cameras' tiles are lifted now. Who is lifted stays so for its dwell;
 * another event waits for a place unless it is more urgent than one of them.
 */
export function lift(before: readonly Lift[], events: readonly Event[], now: number, rules: LiftRules): Lift[] {
  const want = wanted(events, now, rules)
  const out: Lift[] = before.filter((l) => want.has(l.camera)).map((l) => ({ ...l, ...want.get(l.camera)! })).slice(0, rules.max)
  const dwelt = (l: Lift) => now - l.since > rules.dwellMs
  const next = [...want.values()].filter((w) => !out.some((l) => l.camera === w.camera))
  for (const w of next) {
    if (w.motion && out.filter((l) => l.motion).length >= maxLiftedByMotion) {
      const old = out.findIndex((l) => l.motion && dwelt(l))
      if (old < 0) continue
      out.splice(old, 1)
    }
    if (out.length >= rules.max) {
      const least = out.reduce((worst, l, i) => (l.rank > (out[worst]?.rank ?? -1) ? i : worst), 0)
      const gives = out[least] && out[least].rank > w.rank ? least : out.findIndex(dwelt)
      if (gives < 0 || rules.max === 0) continue
      out.splice(gives, 1)
    }
    out.push({ ...w, since: now })
  }
  return out
}
