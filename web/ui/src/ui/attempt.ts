import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

/** An act on the service: whether one runs, what the last one failed with, and how to run one. */
export interface Attempt {
  busy: Ref<boolean>
  error: ShallowRef<unknown>
  /** Runs f; what it throws stands in error until the next one. Never rejects. */
  attempt: (f: () => Promise<void>) => Promise<void>
}

/** Runs the acts of a form or card, one error and one busy state for all of them. */
export function useAttempt(): Attempt {
  const busy = ref(false)
  const error = shallowRef<unknown>()
  async function attempt(f: () => Promise<void>) {
    busy.value = true
    error.value = undefined
    try {
      await f()
    } catch (err) {
      error.value = err
    } finally {
      busy.value = false
    }
  }
  return { busy, error, attempt }
}
