import { i18n, language } from './index'

/** Clock time of day, to the second. */
export function clock(at: string | number | Date): string {
  return new Date(at).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

/** Hours and minutes. */
export function hourMinute(at: string | number | Date): string {
  return new Date(at).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

/** Day and time to the minute; the day is left out when it is today. */
export function around(at: string | number | Date, now = new Date()): string {
  return new Date(at).toDateString() === now.toDateString() ? hourMinute(at) : when(at, now)
}

/** Day and time to the second; the day is left out when it is today. */
export function when(at: string | number | Date, now = new Date()): string {
  const d = new Date(at)
  if (d.toDateString() === now.toDateString()) return clock(d)
  return d.toLocaleString(language(), { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

export function day(at: string | number | Date): string {
  return new Date(at).toLocaleDateString(language(), { year: 'numeric', month: 'long', day: 'numeric' })
}

/** A length of time in words, coarse: "45 s", "3 min", "2 h 5 min". */
export function span(ms: number): string {
  const { t } = i18n.global
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return t('time.seconds', { n: s })
  const m = Math.floor(s / 60)
  if (m < 60) return t('time.minutes', { n: m })
  const h = Math.floor(m / 60)
  if (h >= 48) return t('time.days', { n: Math.floor(h / 24) })
  return m % 60 ? t('time.hours_minutes', { h, m: m % 60 }) : t('time.hours', { n: h })
}

/** Minutes and seconds left, as a clock counts down. */
export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`
}

/** A size in bytes with a binary prefix. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let n = bytes
  let u = 0
  while (n >= 1024 && u < units.length - 1) {
    n /= 1024
    u++
  }
  return `${n.toLocaleString(language(), { maximumFractionDigits: n < 10 && u > 0 ? 1 : 0 })} ${units[u]}`
}
