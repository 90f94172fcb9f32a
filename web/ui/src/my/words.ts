import { i18n, word } from '../i18n'
import type { Consent, MyCamera } from '../api/types'
import { audienceName, lookersOf } from './choices'
import { hourLines } from './week/hours'

/** Names of constants joined as a list: "Dispatch centre, police station". */
export function listOf(prefix: string, list: readonly string[] | null | undefined): string {
  return (list ?? []).map((x) => word(prefix, x)).join(i18n.global.t('list.comma'))
}

/** The modes that a person decides about; analysis by kind is told apart. */
export const mainModes = (c: Consent) => (c.modes ?? []).filter((m) => !m.startsWith('analytics:'))

/** How long recordings are kept, as a sentence. */
export function keptText(c: Consent): string {
  const { t } = i18n.global
  return c.recording === 'none' ? t('terms.kept_none') : t('terms.kept_days', { n: c.retention_days ?? 7 })
}

/** The hours of all consents of a camera, as one line. */
export function hoursText(mine: MyCamera): string {
  const { t } = i18n.global
  const slots = new Set((mine.consents ?? []).flatMap((c) => c.slots ?? []))
  return hourLines([...slots]).join(t('list.semicolon'))
}

/** Who may look, by the names they go by, as one line. */
export function lookersText(consents: readonly Consent[]): string {
  const { t } = i18n.global
  const all = consents.flatMap((c) => lookersOf(c).map(audienceName))
  return [...new Set(all)].join(t('list.comma')) || t('terms.nobody')
}

/** Who may look through a camera and what for, as one line. */
export const whoText = (mine: MyCamera) => lookersText(mine.consents ?? [])
