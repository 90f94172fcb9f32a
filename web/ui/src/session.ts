import { reactive } from 'vue'
import { api, Problem, whenSignedOut } from './api/client'
import { stream } from './api/stream'
import type { Face, Me } from './api/types'
import { setZone } from './i18n/time'
import { signedOutAt } from './signin/provider'

/** Who sits in front of the page; ended says that a session ended and nobody had signed out. */
export const session = reactive<{ me: Me | undefined; asked: boolean; ended: boolean }>({ me: undefined, asked: false, ended: false })

/** The address of a face. */
export const homes: Record<Face, string> = { wall: '/wall', evidence: '/evidence', consent: '/my', system: '/system' }

export function home(): string {
  if (!session.me) return '/sign-in'
  // Who is of the oversight and nothing else sees no picture: their work is at the office.
  const { roles } = session.me
  return roles?.length && roles.every((r) => r === 'oversight') ? '/office/complaints' : (homes[session.me.face] ?? '/wall')
}

/** The page that an address's ?to= asks for, if it is one of ours; else home. */
export function homeOr(to: unknown): string {
  return typeof to === 'string' && /^\/(?!\/|sign-in)/.test(to) ? to : home()
}

/** Takes over a fresh session. */
export function adopt(me: Me | undefined) {
  if (session.me?.principal !== me?.principal) stream.stop()
  session.me = me
  setZone(me?.zone)
  session.asked = true
  if (me) session.ended = false
  if (me && !me.must_change_password) stream.start()
}

let asking: Promise<void> | undefined

/** Asks the server once who is signed in; throws Problem unless it says. */
export async function whoAmI() {
  if (session.asked) return
  asking ??= ask().finally(() => (asking = undefined))
  return asking
}

async function ask() {
  try {
    adopt(await api.me())
  } catch (err) {
    if (!(err instanceof Problem) || err.status !== 401) throw err
    adopt(undefined)
  }
}

/** Signs out, and takes who came by the department's sign-in there to sign out, too. */
export async function signOut() {
  const there = session.me?.outside ? await signedOutAt() : ''
  try {
    await api.signOut()
  } finally {
    adopt(undefined)
  }
  if (there) {
    window.location.assign(there)
    await new Promise(() => {}) // the page is left
  }
}

whenSignedOut(() => {
  session.ended ||= Boolean(session.me)
  adopt(undefined)
})
