import { json } from './client'
import type { components } from './schema'

export type Mail = components['schemas']['MailView']
export type LooksBy = Mail['looks']

/** How one is told outside the page. */
export const mail = {
  mine: () => json<Mail>('GET', '/api/my/mail'),
  ask: (address: string) => json<Mail>('PUT', '/api/my/mail/address', { address }),
  confirm: (code: string) => json<Mail>('POST', '/api/my/mail/confirm', { code }),
  choose: (looks: LooksBy) => json<Mail>('PUT', '/api/my/mail/looks', { looks }),
  forget: () => json<void>('DELETE', '/api/my/mail'),
}
