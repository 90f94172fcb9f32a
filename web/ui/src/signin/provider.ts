import { computed, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { json } from '../api/client'

type Ways = { provider?: string; factor?: boolean; touch?: string }

/** What the department's identity provider is called, '' where there is none. */
export function useProvider(): Ref<string> {
  const ways = useWays()
  return computed(() => ways.value.provider ?? '')
}

/** The identity provider, and whether it can be asked for a second factor. */
export function useWays(): Ref<Ways> {
  const ways = ref<Ways>({})
  async function ask() {
    try {
      ways.value = await json<Ways>('GET', '/api/session/ways')
    } catch {
      // Name and password work without it; if nothing does, signing in says so.
    }
  }
  watch(useI18n().locale, ask, { immediate: true, flush: 'post' })
  return ways
}

/** Where the browser itself goes: the service leads it on to the provider. */
export function providerURL(to: unknown): string {
  return '/api/session/oidc/start' + (typeof to === 'string' ? '?to=' + encodeURIComponent(to) : '')
}

const reasons = ['again', 'away', 'refused', 'setup', 'untrusted', 'unknown', 'closed', 'slow', 'other', 'weak']

/** The words for why the provider's answer opened nothing, '' for no answer. */
export function whyNot(code: unknown): string {
  if (typeof code !== 'string' || code === '') return ''
  return 'sign_in.not.' + (reasons.includes(code) ? code : 'again')
}

/** Pages of this browser tell one another here that a second factor was shown. */
const channel = 'shouwang-factor'

/** Opens the provider's window for a second factor; false where the browser forbids it. */
export const openFactorWindow = () => window.open('/api/session/oidc/factor', '_blank', 'popup,width=520,height=720') !== null

/** Calls back when another page says that the factor was shown; returns what stops it. */
export function whenShown(done: () => void): () => void {
  const c = new BroadcastChannel(channel)
  c.onmessage = done
  return () => c.close()
}

export function tellShown() {
  const c = new BroadcastChannel(channel)
  c.postMessage('shown')
  c.close()
}

/** Where the browser signs out at the provider, '' where it need not; asked before the session here ends. */
export async function signedOutAt(): Promise<string> {
  try {
    return (await json<{ location?: string }>('POST', '/api/session/oidc/end')).location ?? ''
  } catch {
    return '' // signing out here must work without it
  }
}
