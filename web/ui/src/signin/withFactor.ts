import { ref } from 'vue'
import { Problem } from '../api/client'

/** A denial that a fresh second factor would lift; what else is missing comes first in it. */
export const wantsFactor = (err: unknown) => err instanceof Problem && (err.reasons[0] ?? '').startsWith('second_factor')

/**
 * Runs acts that may need a fresh second factor. Where a denial says so, asking
 * is true until answer is called: with true the act is done again, once; with
 * false the denial stands.
 */
export function useFactor() {
  const asking = ref(false)
  let heard: ((shown: boolean) => void) | undefined

  function answer(shown: boolean) {
    asking.value = false
    heard?.(shown)
    heard = undefined
  }

  async function withFactor<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (err) {
      if (!wantsFactor(err)) throw err
      const shown = new Promise<boolean>((done) => (heard = done))
      asking.value = true
      if (!(await shown)) throw err
      return act()
    }
  }
  return { asking, answer, withFactor }
}
