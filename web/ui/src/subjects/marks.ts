/** Where a person is at a moment: milliseconds of wall time, fractions of the picture. */
export interface Mark {
  at: number
  box: [number, number, number, number]
}

// As the service reads marks: over longer gaps the person is not followed.
const walks = 5_000
const stays = 60_000
const still = 0.01

/** Two marks nearer than this are of the same picture. */
export const same = 250

/** Where the marks put the person at a moment; undefined where they are pixelated. */
export function boxAt(marks: Mark[], at: number): Mark['box'] | undefined {
  const next = marks.findIndex((m) => m.at >= at)
  if (next < 0) return undefined
  const b = marks[next]!
  if (b.at === at) return b.box
  const a = marks[next - 1]
  if (!a) return undefined
  const gap = b.at - a.at
  const stands = a.box.every((v, i) => Math.abs(v - b.box[i]!) <= still)
  if (gap > walks && !(stands && gap <= stays)) return undefined
  const t = (at - a.at) / gap
  return a.box.map((v, i) => v + (b.box[i]! - v) * t) as Mark['box']
}

/** The marks with one more, in order; it takes the place of one of the same picture. */
export function withMark(marks: Mark[], mark: Mark): Mark[] {
  return [...marks.filter((m) => Math.abs(m.at - mark.at) >= same), mark].sort((a, b) => a.at - b.at)
}

/** The box between two corners, within the picture. */
export function between(a: [number, number], b: [number, number]): Mark['box'] {
  const round = (v: number) => Math.round(v * 10_000) / 10_000
  const [x, y] = [Math.max(0, Math.min(a[0], b[0])), Math.max(0, Math.min(a[1], b[1]))]
  const [right, bottom] = [Math.min(1, Math.max(a[0], b[0])), Math.min(1, Math.max(a[1], b[1]))]
  return [round(x), round(y), round(right - x), round(bottom - y)]
}
