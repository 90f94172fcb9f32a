import { ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { json } from '../api/client'

/** What the department's identity provider is called, '' where there is none. */
export function useProvider(): Ref<string> {
  const name = ref('')
  async function ask() {
    try {
      name.value = (await json<{ provider?: string }>('GET', '/api/session/ways')).provider ?? ''
    } catch {
      // Name and password work without it; if nothing does, signing in says so.
    }
  }
  watch(useI18n().locale, ask, { immediate: true, flush: 'post' })
  return name
}

/** Where the browser itself goes: the service leads it on to the provider. */
export function providerURL(to: unknown): string {
  return '/api/session/oidc/start' + (typeof to === 'string' ? '?to=' + encodeURIComponent(to) : '')
}

const reasons = ['again', 'away', 'refused', 'setup', 'untrusted', 'unknown', 'closed', 'slow']

/** The words for why the provider's answer opened nothing, '' for no answer. */
export function whyNot(code: unknown): string {
  if (typeof code !== 'string' || code === '') return ''
  return 'sign_in.not.' + (reasons.includes(code) ? code : 'again')
}
