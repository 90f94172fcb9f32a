import texts from '../../../../policy/texts.json'
import { i18n, language } from './index'

type Table = Record<string, Record<'officer' | 'resident', Record<string, string>>>

/**
 * The sentence behind a reason constant. The policy's own table is bundled, so
 * that a page says the same as the service, also where only the constant
 * arrives; what this service adds stands in the catalogues.
 */
export function reasonText(reason: string, audience: 'officer' | 'resident' = 'officer'): string {
  const row = (texts as Table)[reason]?.[audience]
  const said = row?.[language()]
  if (said) return said
  const { t, te } = i18n.global
  return te('reason.' + reason) ? t('reason.' + reason) : t('reason.other', { name: reason })
}
