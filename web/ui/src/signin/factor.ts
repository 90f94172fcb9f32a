import { json } from '../api/client'

/** The second factor: codes of an authenticator app (RFC 6238). */
export const factor = {
  /** otpauth:// address of a new secret, shown once; it counts once confirmed. */
  enrol: async () => (await json<{ address: string }>('POST', '/api/session/factor/enrol')).address,
  confirm: (code: string) => json<void>('POST', '/api/session/factor/confirm', { code }),
  show: (code: string) => json<void>('POST', '/api/session/factor', { code }),
}

/** The secret of an otpauth address in groups of four, to be typed. */
export function secretOf(address: string): string {
  const secret = new URL(address.replace(/^otpauth:/, 'http:')).searchParams.get('secret') ?? ''
  return secret.replace(/(.{4})(?=.)/g, '$1 ')
}

/** Six digits, however they were typed. */
export const tidy = (code: string) => code.replace(/\D/g, '').slice(0, 6)
