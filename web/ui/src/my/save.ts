import { ref, type Ref } from 'vue'
import { Problem } from '../api/client'
import { joining } from '../api/joining'
import type { Consent, MyCamera, TermsChoice } from '../api/types'

/** Saving other terms, and what came of it. */
export interface TermsSave {
  busy: Ref<boolean>
  error: Ref<unknown>
  /** Ids of the receipts of the versions just made. */
  receipts: Ref<string[]>
  save: (consents: readonly Consent[], terms: TermsChoice) => Promise<boolean>
}

export function useTermsSave(): TermsSave {
  const busy = ref(false)
  const error = ref<unknown>()
  const receipts = ref<string[]>([])
  async function save(consents: readonly Consent[], terms: TermsChoice): Promise<boolean> {
    busy.value = true
    error.value = undefined
    receipts.value = []
    try {
      for (const c of consents) receipts.value.push((await joining.setTerms(c.id, terms)).receipt)
      return true
    } catch (err) {
      error.value = err instanceof Problem ? err : new Problem(0, { code: 'internal' })
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, error, receipts, save }
}

/** The consents of a camera whose terms can be changed: those that stand or rest. */
export function changeable(mine: MyCamera): Consent[] {
  return (mine.consents ?? []).filter((c) => c.state === 'given' || c.state === 'renewed' || c.state === 'paused')
}
