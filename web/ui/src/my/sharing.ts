import type { Consent, MyCamera } from '../api/types'

/** What an owner is told about a camera, in one word. */
export type SharingKind = 'sharing' | 'resting' | 'waiting' | 'turned' | 'paused' | 'stopped' | 'asked' | 'never'

const live = (c: Consent) => c.state === 'given' || c.state === 'renewed'
const pausedNow = (c: Consent, now: number) => c.state === 'paused' || (live(c) && !!c.pause_until && Date.parse(c.pause_until) > now)

/**
 * Sums up all consents of a camera: the most that any of them lets through.
 * A camera whose view two people have not approved, or that was turned since,
 * shows nobody anything whatever its owner agreed to. Whether this is one of the agreed hours the service says, since hours count
 * in the township's time zone and not in the phone's.
 */
export function sharingKind(mine: MyCamera, now: Date): SharingKind {
  const list = mine.consents ?? []
  const given = list.filter((c) => live(c) && !pausedNow(c, now.getTime()))
  if (given.length > 0 && mine.camera.view_waiting) return 'waiting'
  if (given.length > 0 && mine.camera.quarantined) return 'turned'
  if (given.length > 0) return mine.camera.sharing?.reason === 'outside_slot' ? 'resting' : 'sharing'
  if (list.some((c) => pausedNow(c, now.getTime()))) return 'paused'
  if (list.some((c) => c.state === 'requested')) return 'asked'
  return list.length > 0 ? 'stopped' : 'never'
}

/** The consents that an action concerns. */
export function concerned(mine: MyCamera, action: 'pause' | 'resume' | 'withdraw' | 'give', now: number): Consent[] {
  const list = mine.consents ?? []
  if (action === 'pause') return list.filter((c) => live(c) && !pausedNow(c, now))
  if (action === 'resume') return list.filter((c) => pausedNow(c, now))
  if (action === 'withdraw') return list.filter((c) => live(c) || c.state === 'paused')
  return list.filter((c) => !live(c) && c.state !== 'paused')
}
