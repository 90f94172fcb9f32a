import { ref } from 'vue'
import { i18n, language } from './index'

/**
 * The time zone in which every time is told: the township's, whatever the
 * computer is set to, so that a page and the mark in a picture say the same.
 * Undefined until somebody has signed in: then the computer's own.
 */
export const zone = ref<string>()

export function setZone(name: string | undefined) {
  zone.value = name || undefined
}

type Moment = string | number | Date

/** Making one costs a phone milliseconds, and a list of looks tells hundreds of times. */
const formats = new Map<string, Intl.DateTimeFormat>()

function format(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = [tag, zone.value, JSON.stringify(options)].join(' ')
  let f = formats.get(key)
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat(tag, { timeZone: zone.value, ...options })))
  return f
}

function told(at: Moment, options: Intl.DateTimeFormatOptions): string {
  const moment = new Date(at)
  return Number.isNaN(moment.getTime()) ? String(moment) : format(language(), { hourCycle: 'h23', ...options }).format(moment)
}

/** Clock time of day, to the second. */
export function clock(at: Moment): string {
  return told(at, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

/** Clock time to the tenth of a second, as one steps through pictures. */
export function fineClock(at: Moment): string {
  return told(at, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 1 })
}

/** Hours and minutes. */
export function hourMinute(at: Moment): string {
  return told(at, { hour: '2-digit', minute: '2-digit' })
}

/** Day and time to the minute; the day is left out when it is today. */
export function around(at: Moment, now = new Date()): string {
  return sameDay(at, now) ? hourMinute(at) : when(at, now)
}

/** Day and time to the second; the day is left out when it is today. */
export function when(at: Moment, now = new Date()): string {
  if (sameDay(at, now)) return clock(at)
  return told(at, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' })
}

export function day(at: Moment): string {
  return told(at, { year: 'numeric', month: 'long', day: 'numeric' })
}

function sameDay(a: Moment, b: Moment): boolean {
  return local(a).slice(0, 10) === local(b).slice(0, 10)
}

/** A moment as `<input type="datetime-local">` writes it, with seconds: "2026-11-28T03:15:00". */
export function local(at: Moment): string {
  const parts = new Map(format('en-CA', {
    hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(new Date(at)).map((p) => [p.type, p.value]))
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}T${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`
}

/** What `local` undoes: the moment of a local time in the township's zone; NaN for nonsense. */
export function moment(text: string): number {
  const asUTC = Date.parse(text + (text.length === 16 ? ':00' : '') + 'Z')
  if (Number.isNaN(asUTC)) return NaN
  // What the zone shows at a guess says how far the guess is off; twice, since
  // the first step may cross a change of summer time.
  let at = asUTC
  for (let i = 0; i < 2; i++) at += asUTC - Date.parse(local(at) + 'Z')
  return at
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

/** How long something lasted: a line is crossed in a moment, not in "0 s". */
export function lasting(ms: number): string {
  return ms < 500 ? i18n.global.t('time.moment') : span(ms)
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
