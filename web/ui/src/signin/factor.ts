import { api, json, Problem } from '../api/client'
import { adopt } from '../session'

/** The second factor: codes of an authenticator app (RFC 6238). */
export const factor = {
  /** otpauth:// address of a new secret, shown once; it counts once confirmed. */
  enrol: async () => (await stay(() => json<{ address: string }>('POST', '/api/session/factor/enrol'))).address,
  confirm: (code: string) => stay(() => json<void>('POST', '/api/session/factor/confirm', { code })),
  show: (code: string) => stay(() => json<void>('POST', '/api/session/factor', { code })),
}

/**
 * A wrong code is answered like a session that ended: the session itself is
 * asked which of the two it was, so that nobody loses a page to a slip.
 */
export async function stay<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (err) {
    if (refused(err) && (await api.me().then(() => false, refused))) adopt(undefined)
    throw err
  }
}

/** Whether the service did not take what was shown to it. */
export const refused = (err: unknown) => err instanceof Problem && err.status === 401

/** The secret of an otpauth address in groups of four, to be typed. */
export function secretOf(address: string): string {
  const secret = new URL(address.replace(/^otpauth:/, 'http:')).searchParams.get('secret') ?? ''
  return secret.replace(/(.{4})(?=.)/g, '$1 ')
}

/** Six digits, however they were typed. */
export const tidy = (code: string) => code.replace(/\D/g, '').slice(0, 6)
