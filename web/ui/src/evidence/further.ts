/** The longest stretch that is played at once, ms: an hour. */
export const longest = 3_600_000

// What was taken this long ago can be played: a group of pictures was closed
// since, and written.
const written = 10_000
// So much more is worth a new look.
const worth = 10_000

/**
 * How far a play from one moment to another could go on now, ms since the epoch:
 * its end as it is where the recording did not grow beyond it, or it is as long
 * as one may be.
 */
export function furtherTo(from: number, to: number, now: number): number {
  const next = Math.min(now - written, from + longest)
  return next - to >= worth ? next : to
}
