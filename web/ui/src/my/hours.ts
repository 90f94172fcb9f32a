const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Day = (typeof days)[number]

/** Some days of the week and the stretches of hours that they share. */
export interface Hours {
  days: Day[]
  /** From the hour, to the hour (not included), 0..24. */
  stretches: [number, number][]
}

function stretchesOf(hours: Set<number>): [number, number][] {
  const out: [number, number][] = []
  for (let h = 0; h < 24; h++) {
    if (!hours.has(h)) continue
    const last = out[out.length - 1]
    if (last && last[1] === h) last[1] = h + 1
    else out.push([h, h + 1])
  }
  return out
}

/** Turns 168 weekday hours ("mon-06") into as few lines as they need. */
export function summarise(slots: readonly string[]): Hours[] {
  const byDay = new Map<Day, Set<number>>(days.map((d) => [d, new Set<number>()]))
  for (const s of slots) {
    const [d, h] = s.split('-')
    byDay.get(d as Day)?.add(Number(h))
  }
  const out: Hours[] = []
  for (const d of days) {
    const stretches = stretchesOf(byDay.get(d)!)
    if (stretches.length === 0) continue
    const same = out.find((x) => JSON.stringify(x.stretches) === JSON.stringify(stretches))
    if (same) same.days.push(d)
    else out.push({ days: [d], stretches })
  }
  return out
}

/** Tells days that follow each other, so that a line can say "Monday to Friday". */
export function isRun(list: readonly Day[]): boolean {
  return list.length > 2 && days.indexOf(list[list.length - 1]!) - days.indexOf(list[0]!) === list.length - 1
}

/** Eight in the morning of the next day: "until tomorrow". */
export function tomorrowMorning(now: Date): Date {
  const d = new Date(now)
  d.setDate(d.getDate() + 1)
  d.setHours(8, 0, 0, 0)
  return d
}
