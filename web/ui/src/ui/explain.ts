import { Problem } from '../api/client'
import { i18n } from '../i18n'
import { reasonText } from '../i18n/reasons'
import { span } from '../i18n/time'

/** What went wrong in the person's language: the server's words, else ours. */
export function explain(err: unknown): string {
  const { t, te } = i18n.global
  if (!(err instanceof Problem)) return t('error.internal')
  if (err.code === 'rate_limited') return t('error.rate_limited', { wait: span((err.retryAfter || 60) * 1000) })
  if (err.text) return err.text
  if (err.reasons[0]) return reasonText(err.reasons[0])
  const key = 'error.' + err.code
  return te(key) ? t(key) : t('error.other', { code: err.code })
}
