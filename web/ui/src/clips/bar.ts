import type { Clip } from '../api/types'
import { word } from '../i18n'
import { clock } from '../i18n/time'

/** A gap on the bar: percent from the left, percent wide, and in words. */
export interface Mark {
  left: number
  width: number
  words: string
}

/** Time of day, in ms, of what is seen `seconds` into the clip. */
export function wallTime(clip: Clip, seconds: number): number {
  return Date.parse(clip.from) + seconds * 1000
}

/**
 * Where the clip's gaps lie on its bar. The recording's time line keeps gaps,
 * so a second on the bar is a second on the clock.
 */
export function gapMarks(clip: Clip): Mark[] {
  const from = Date.parse(clip.from)
  const total = Date.parse(clip.to) - from
  if (!(total > 0)) return []
  return (clip.gaps ?? []).map((g) => {
    const start = Math.max(0, Date.parse(g.from) - from)
    const end = Math.min(total, Date.parse(g.to) - from)
    return {
      left: (start / total) * 100,
      width: (Math.max(0, end - start) / total) * 100,
      words: `${clock(g.from)} – ${clock(g.to)}: ${word('gap', g.cause)}`,
    }
  })
}
