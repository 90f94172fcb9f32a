import type { Consent, MyCamera } from '../api/types'

const dayMs = 24 * 3_600_000
/** How long before a consent ends by itself its owner is reminded. */
export const remindDays = 30

/** The live consents that end by themselves within the next 30 days, soonest first. */
export function ending(mine: MyCamera, now: number): Consent[] {
  return (mine.consents ?? [])
    .filter((c) => c.state === 'given' || c.state === 'renewed' || c.state === 'paused')
    .filter((c) => c.not_after && Date.parse(c.not_after) - now < remindDays * dayMs)
    .sort((a, b) => Date.parse(a.not_after) - Date.parse(b.not_after))
}

/** Whole days until then, never less than none. */
export const daysLeft = (until: string, now: number) => Math.max(0, Math.floor((Date.parse(until) - now) / dayMs))
