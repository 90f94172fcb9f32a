import { json, query } from './client'
import type { Answer, Invitation, ManyChanged, NoticeShown, Settled, TermsChanged, TermsChoice } from './types'

const seg = encodeURIComponent

/** What owners are asked, answer and change: the service's room "join". */
export const joining = {
  read: (token: string) => json<Invitation>('GET', `/api/join/${seg(token)}`),
  answer: (token: string, body: Answer) => json<Settled>('POST', `/api/join/${seg(token)}/answer`, body),
  setTerms: (consent: string, terms: TermsChoice) => json<TermsChanged>('PUT', `/api/my/consents/${seg(consent)}/terms`, terms),
  setTermsOfMany: (consents: string[], terms: TermsChoice) => json<ManyChanged>('POST', '/api/my/terms', { consents, terms }),
  renew: (consent: string, months: number, notice: NoticeShown) => json<TermsChanged>('POST', `/api/my/consents/${seg(consent)}/renew`, { months, notice }),
}

/** Address of one's whole record, as a file. */
export const recordURL = (consent: string) => `/api/my/consents/${seg(consent)}/record`

/** Address of a receipt on paper, as a code to scan, and as the signed text that anybody can check. */
export const receiptURL = (id: string, as: 'pdf' | 'svg' | 'txt', lang?: string) => `/api/my/receipts/${seg(id)}.${as}` + query({ lang })
