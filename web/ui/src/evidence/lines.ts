/** A stretch on the timeline: percent from the left and wide. */
export interface Bar {
  left: number
  width: number
}

/** The part of a line that is looked at, in ms since the epoch. */
export interface View {
  from: number
  to: number
}

/** Where a stretch lies in the view; undefined when outside. */
export function bar(from: string | number, to: string | number, view: View): Bar | undefined {
  const a = Math.max(view.from, +new Date(from))
  const b = Math.min(view.to, +new Date(to))
  if (b <= a) return undefined
  const all = view.to - view.from
  return { left: ((a - view.from) / all) * 100, width: ((b - a) / all) * 100 }
}

export function place(at: number, view: View): number {
  return ((at - view.from) / (view.to - view.from)) * 100
}

/** The shortest stretch that one may look at, ms. */
export const closest = 4000

/** Zooms about a moment; factor below 1 looks closer. Stays within the whole. */
export function zoom(view: View, about: number, factor: number, whole: View): View {
  const length = Math.min(whole.to - whole.from, Math.max(closest, (view.to - view.from) * factor))
  const share = (about - view.from) / (view.to - view.from)
  return within({ from: about - length * share, to: about - length * share + length }, whole)
}

/** Moves a view back into the whole without changing its length. */
export function within(view: View, whole: View): View {
  const length = Math.min(view.to - view.from, whole.to - whole.from)
  const from = Math.min(Math.max(view.from, whole.from), whole.to - length)
  return { from, to: from + length }
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]

/** Round moments in the view, at most n. */
export function ticks(view: View, n: number): number[] {
  const step = (steps.find((s) => (view.to - view.from) / (s * 1000) <= n) ?? 86400) * 1000
  const out: number[] = []
  for (let at = Math.ceil(view.from / step) * step; at < view.to; at += step) out.push(at)
  return out
}

/**
 * The moment itself where something is recorded, else the next at which something
 * is, else the first: nobody wants to begin in a hole. NaN asks for the first.
 */
export function pictureNear(recorded: readonly { from: string; to: string }[], at: number, otherwise: number): number {
  const spans = recorded.map((s) => ({ from: Date.parse(s.from), to: Date.parse(s.to) })).sort((a, b) => a.from - b.from)
  if (spans.some((s) => s.from <= at && at < s.to)) return at
  const next = spans.find((s) => s.from >= at) ?? spans[0]
  return next ? next.from + 1 : otherwise
}
