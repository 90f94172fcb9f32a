import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

/** Something fetched, with its loading and its failure. */
export interface Loaded<T> {
  data: ShallowRef<T | undefined>
  error: ShallowRef<unknown>
  loading: Ref<boolean>
  load: () => Promise<void>
}

/** Fetches when the component mounts; of two overlapping fetches the later wins. */
export function useLoad<T>(fetcher: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T>()
  const error = shallowRef<unknown>()
  const loading = ref(true)
  let turn = 0
  const load = async () => {
    const mine = ++turn
    loading.value = true
    try {
      const got = await fetcher()
      if (mine !== turn) return
      data.value = got
      error.value = undefined
    } catch (err) {
      if (mine === turn) error.value = err
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  onMounted(load)
  return { data, error, loading, load }
}
