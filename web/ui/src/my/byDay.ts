import { day } from '../i18n/time'

/** Groups what is sorted by time under the day it happened on, in the page's language. */
export function byDay<T>(list: readonly T[], at: (item: T) => string): { day: string; items: T[] }[] {
  const out: { day: string; items: T[] }[] = []
  for (const item of list) {
    const name = day(at(item))
    const last = out[out.length - 1]
    if (last?.day === name) last.items.push(item)
    else out.push({ day: name, items: [item] })
  }
  return out
}
