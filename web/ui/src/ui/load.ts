import { onMounted, onUnmounted, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { Problem } from '../api/client'
import { stream } from '../api/stream'

/** Something fetched, with its loading and its failure. */
export interface Loaded<T> {
  data: ShallowRef<T | undefined>
  error: ShallowRef<unknown>
  loading: Ref<boolean>
  load: () => Promise<void>
}

/** How long a service that does not answer is left alone before it is asked again. */
export const againMs = 5_000
/** The service or what is before it is away: it passes without anybody doing anything. */
const passes = (err: unknown) => err instanceof Problem && [0, 502, 503, 504].includes(err.status)

/**
 * Fetches when the component mounts; of two overlapping fetches the later wins.
 * A service that is away is asked again until it answers, and once more when it
 * comes back under an open page, which shows what was before.
 */
export function useLoad<T>(fetcher: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T>()
  const error = shallowRef<unknown>()
  const loading = ref(true)
  let turn = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false
  const load = async () => {
    const mine = ++turn
    clearTimeout(timer)
    loading.value = true
    try {
      const got = await fetcher()
      if (mine !== turn) return
      data.value = got
      error.value = undefined
    } catch (err) {
      if (mine !== turn) return
      error.value = err
      if (passes(err) && !gone) timer = setTimeout(() => void load(), againMs)
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  onMounted(load)
  onUnmounted(() => {
    gone = true
    clearTimeout(timer)
  })
  let lost = false
  watch(() => stream.status.connected, (is) => {
    if (is && lost) void load()
    lost = !is
  })
  return { data, error, loading, load }
}
