/** The 168 hours of a week in the township's time zone, as the service names them: "mon-06". */
export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof days)[number]

/** A cell of the grid: column 0..6 from Monday, row 0..23. */
export interface Cell {
  day: number
  hour: number
}

export const hoursOfDay = Array.from({ length: 24 }, (_, h) => h)

export function slotOf(c: Cell): string {
  return `${days[c.day]}-${String(c.hour).padStart(2, '0')}`
}

/** The hours in the order of the week, whatever order they were chosen in. */
export function inOrder(chosen: ReadonlySet<string>): string[] {
  return days.flatMap((_, day) => hoursOfDay.map((hour) => slotOf({ day, hour }))).filter((s) => chosen.has(s))
}

/** All hours in the rectangle that two cells span. */
export function rectangle(a: Cell, b: Cell): string[] {
  const out: string[] = []
  for (let day = Math.min(a.day, b.day); day <= Math.max(a.day, b.day); day++) {
    for (let hour = Math.min(a.hour, b.hour); hour <= Math.max(a.hour, b.hour); hour++) out.push(slotOf({ day, hour }))
  }
  return out
}

/** The choice with these hours added or taken away. */
export function painted(chosen: ReadonlySet<string>, slots: readonly string[], on: boolean): Set<string> {
  const out = new Set(chosen)
  for (const s of slots) on ? out.add(s) : out.delete(s)
  return out
}

const block = (firstDay: number, lastDay: number, from: number, to: number) =>
  rectangle({ day: firstDay, hour: from }, { day: lastDay, hour: to - 1 })

/** Ready-made weeks, from everything to nothing. */
export const presets = {
  always: () => block(0, 6, 0, 24),
  daytime: () => block(0, 6, 6, 22),
  night: () => inOrder(new Set([...block(0, 6, 22, 24), ...block(0, 6, 0, 6)])),
  workdays: () => block(0, 4, 8, 18),
  none: () => [] as string[],
} satisfies Record<string, () => string[]>
export type Preset = keyof typeof presets
export const presetNames = Object.keys(presets) as Preset[]

/** How many hours a week were added and taken away. */
export function difference(before: readonly string[], after: readonly string[]): { more: number; fewer: number } {
  const was = new Set(before)
  const is = new Set(after)
  return { more: after.filter((s) => !was.has(s)).length, fewer: before.filter((s) => !is.has(s)).length }
}

/** Where an arrow key goes from a cell; the edges stop it. */
export function moved(c: Cell, key: string): Cell {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-6, 0], End: [6, 0] }[key]
  if (!step) return c
  const within = (n: number, most: number) => Math.min(most, Math.max(0, n))
  return { day: within(c.day + step[0]!, 6), hour: within(c.hour + step[1]!, 23) }
}
