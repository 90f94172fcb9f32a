import { json, Problem, seg } from '../api/client'
import type { AskKey, NewKey, Passkeys } from '../api/types'
import { stay } from './factor'
import { rememberTouch } from './touch'

/**
 * Signing in by touch (W3C Web Authentication): what the service asks is put to
 * the browser, and the browser's answer sent back. Bytes travel as base64url.
 */
const bytes = (text: string) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
const text = (buffer: ArrayBuffer | null) =>
  buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') : undefined
const ref = (k: { id: string; transports?: string[] | null }) => ({ type: 'public-key' as const, id: bytes(k.id), transports: (k.transports ?? undefined) as AuthenticatorTransport[] | undefined })

/** Has the browser ask for a finger, face or PIN, and returns what proves it. */
async function shown(ask: AskKey) {
  const got = (await navigator.credentials.get({
    publicKey: { challenge: bytes(ask.challenge), rpId: ask.site_id, allowCredentials: ask.allowed?.map(ref), userVerification: 'required', timeout: ask.timeout_ms },
  })) as PublicKeyCredential
  const r = got.response as AuthenticatorAssertionResponse
  return {
    id: text(got.rawId)!,
    response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle) },
  }
}

async function made(ask: NewKey) {
  const got = (await navigator.credentials.create({
    publicKey: {
      challenge: bytes(ask.challenge), rp: { id: ask.site_id, name: ask.site_name },
      user: { id: bytes(ask.handle), name: ask.login, displayName: ask.name },
      pubKeyCredParams: ask.algorithms!.map((alg) => ({ type: 'public-key', alg })), excludeCredentials: ask.known!.map(ref),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none', timeout: ask.timeout_ms,
    },
  })) as PublicKeyCredential
  const r = got.response as AuthenticatorAttestationResponse
  return { id: text(got.rawId)!, response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject), transports: r.getTransports?.() ?? [] } }
}

const keys = '/api/session/passkeys'
export const passkeys = {
  list: () => stay(() => json<Passkeys>('GET', keys)),
  add: async (name: string) => {
    const ask = await stay(() => json<NewKey>('POST', keys + '/new'))
    const key = await made(ask)
    await stay(() => json<void>('POST', keys, { name, key }))
    rememberTouch(true)
  },
  rename: (id: string, name: string) => stay(() => json<void>('PUT', `${keys}/${seg(id)}`, { name })),
  remove: (id: string) => stay(() => json<void>('DELETE', `${keys}/${seg(id)}`)),
  signIn: async () => {
    await json<void>('POST', '/api/session/passkey', await shown(await json<AskKey>('POST', '/api/session/passkey/ask')))
    rememberTouch(true)
  },
  show: async () => {
    const key = await shown(await stay(() => json<AskKey>('POST', '/api/session/factor/passkey/ask')))
    await stay(() => json<void>('POST', '/api/session/factor/passkey', key))
  },
}

/** The i18n key for why a touch opened nothing; '' where the general words do. */
export function whyNoTouch(err: unknown): string {
  if (err instanceof Problem) {
    const fault = err.faults.find((f) => f.field === 'passkey')
    return fault ? 'touch.not.' + fault.why : ''
  }
  const name = (err as { name?: string } | undefined)?.name ?? ''
  return { NotAllowedError: 'touch.not.cancelled', AbortError: 'touch.not.cancelled', InvalidStateError: 'touch.not.known', SecurityError: 'touch.not.elsewhere', NotSupportedError: 'touch.not.unable', ConstraintError: 'touch.not.unable' }[name] ?? ''
}
