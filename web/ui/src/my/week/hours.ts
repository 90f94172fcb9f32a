import { i18n } from '../../i18n'
import { days, type Day } from './week'

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

const two = (n: number) => String(n).padStart(2, '0')

/** "06:00–07:00": the hour that begins at `hour`. */
export function stretch(from: number, to: number): string {
  return `${two(from)}:00–${two(to)}:00`
}

/** The hours as lines that a person reads: "Monday to Friday 06:00–22:00". */
export function hourLines(slots: readonly string[]): string[] {
  const { t } = i18n.global
  const name = (d: Day) => t('hours.day.' + d)
  const daysOf = (h: Hours) => {
    if (h.days.length === 7) return t('hours.every_day')
    if (isRun(h.days)) return t('hours.run', { from: name(h.days[0]!), to: name(h.days[h.days.length - 1]!) })
    return h.days.map(name).join(t('list.comma'))
  }
  const hoursOf = (h: Hours) => {
    if (h.stretches.length === 1 && h.stretches[0]![0] === 0 && h.stretches[0]![1] === 24) return t('hours.all_day')
    return h.stretches.map(([a, b]) => stretch(a, b)).join(t('list.comma'))
  }
  if (slots.length === 0) return [t('hours.never')]
  return summarise(slots).map((h) => `${daysOf(h)} ${hoursOf(h)}`)
}
