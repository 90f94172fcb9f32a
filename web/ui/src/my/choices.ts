import type { Audience, Consent, TermsChoice } from '../api/types'
import { language, word } from '../i18n'

/** What an owner can answer with yes or no, in the order it is asked. */
export const askable = ['live', 'incident', 'playback', 'export', 'wall'] as const

export const dayChoices = [3, 7, 14, 30]
export const recordChoices = ['none', 'events', 'rolling'] as const
export type Recording = (typeof recordChoices)[number]

/** The choices that a page holds while they are being made. */
export interface Draft {
  modes: string[]
  audiences: string[]
  recording: Recording
  retention_days: number
}

/** What is recorded; the service leaves it out where it is the ordinary thing. */
const recordingOf = (r: string | undefined): Recording => recordChoices.find((x) => x === r) ?? 'events'

export const draftOf = (c: { modes?: readonly string[] | null; audiences?: readonly string[] | null; recording?: string; retention_days?: number }): Draft => ({
  modes: [...(c.modes ?? [])], audiences: [...(c.audiences ?? [])], recording: recordingOf(c.recording), retention_days: c.retention_days ?? 7,
})

/** Only what differs is sent, so that two people's changes do not undo each other. */
export function changesOf(before: Draft, after: Draft): TermsChoice {
  const out: TermsChoice = {}
  const differ = (a: readonly string[], b: readonly string[]) => [...a].sort().join() !== [...b].sort().join()
  if (differ(before.modes, after.modes)) out.modes = after.modes
  if (differ(before.audiences, after.audiences)) out.audiences = after.audiences
  if (before.recording !== after.recording) out.recording = after.recording
  if (before.retention_days !== after.retention_days) out.retention_days = after.retention_days
  return out
}

/** What was asked for bounds what can be offered; without it, what stands. */
export interface Bounds {
  modes: string[]
  audiences: Audience[]
  recordings: Recording[]
  days: number[]
}

export function boundsOf(c: Consent): Bounds {
  const asked = c.asked
  const most = recordingOf(asked?.recording || c.recording)
  const longest = Math.max(asked?.retention_days ?? 0, c.retention_days ?? 0)
  return {
    modes: askable.filter((m) => (asked?.modes ?? c.modes ?? []).includes(m)),
    audiences: asked?.audiences ?? lookersOf(c),
    recordings: recordChoices.slice(0, recordChoices.indexOf(most) + 1),
    days: [...new Set([...dayChoices.filter((d) => d <= longest), longest])].sort((a, b) => a - b),
  }
}

/** Who may look by a consent, with their names where the service knows some. */
export const lookersOf = (c: Consent): Audience[] => c.lookers ?? (c.audiences ?? []).map((id) => ({ id }))

/** An audience by the name it goes by, in the page's language. */
export function audienceName(a: Audience): string {
  return (language() === 'en' ? a.name_en || a.name : a.name) || word('audience', a.id)
}

export const withOrWithout = (list: readonly string[], item: string, on: boolean) => (on ? [...new Set([...list, item])] : list.filter((x) => x !== item))
