import type { Bounds, Draft } from '../my/choices'
import { askable, dayChoices, draftOf, recordChoices } from '../my/choices'
import type { Answer, Invitation, Notice, NoticeShown, Proposal } from '../api/types'

/** Where somebody who was invited stands. */
export type Stage = 'read' | 'choose' | 'sign' | 'no' | 'given' | 'refused'

/** What can be chosen is what was asked for, and everything less. */
export function boundsOfProposal(p: Proposal): Bounds {
  const most = recordChoices.indexOf(p.recording as (typeof recordChoices)[number])
  return {
    modes: askable.filter((m) => (p.modes ?? []).includes(m)),
    audiences: p.audiences ?? [],
    recordings: recordChoices.slice(0, most + 1),
    days: [...new Set([...dayChoices.filter((d) => d < p.retention_days), p.retention_days])].sort((a, b) => a - b),
  }
}

/** The choice as it was asked for. */
export const asAsked = (p: Proposal): { draft: Draft; slots: string[] } => ({
  draft: draftOf({ ...p, audiences: (p.audiences ?? []).map((a) => a.id) }), slots: [...(p.slots ?? [])],
})

/**
 * The least that still is sharing: one audience, an emergency nearby or else
 * live pictures, nothing recorded beyond moments, the fewest days.
 */
export function leastOf(p: Proposal): { draft: Draft; slots: string[] } {
  const whole = asAsked(p)
  const modes = p.modes ?? []
  const bounds = boundsOfProposal(p)
  return {
    slots: whole.slots,
    draft: {
      modes: modes.includes('incident') ? ['incident'] : modes.slice(0, 1),
      audiences: whole.draft.audiences.slice(0, 1),
      recording: 'none',
      retention_days: bounds.days[0] ?? p.retention_days,
    },
  }
}

/** The notice as it was shown, for the record. */
export function shown(notice: Notice, language: string, readAloud: boolean): NoticeShown {
  return { id: notice.id, version: notice.version, hash: notice.texts[language]?.hash ?? '', language, read_aloud: readAloud }
}

export interface Signing {
  name: string
  login: string
  password: string
  cohabitants: boolean
}

/** The yes that is sent. Who is signed in already is asked for no name. */
export function yes(inv: Invitation, choice: { draft: Draft; slots: string[] }, sign: Signing, notice: NoticeShown, signedIn: boolean): Answer {
  const who = signedIn ? {} : { login: sign.login.trim(), password: sign.password, ...(inv.account === 'new' ? { name: sign.name.trim() } : {}) }
  return {
    answer: 'give', ...who, cohabitants_informed: sign.cohabitants, notice,
    choices: { slots: choice.slots, modes: choice.draft.modes, audiences: choice.draft.audiences, recording: choice.draft.recording, retention_days: choice.draft.retention_days },
  }
}

/** A sum of what is asked, for the first lines that somebody reads. */
export const named = (x: { name: string; name_en?: string }, language: string) => (language === 'en' && x.name_en) || x.name
