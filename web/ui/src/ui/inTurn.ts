import { onUnmounted, ref, watch, type Ref } from 'vue'

/**
 * How many of a list's pieces to show: one more a task, from the first on, so that a
 * slow phone stays answerable while a long page comes up. Whoever shows what lies
 * below the list waits until all of it stands.
 */
export function useInTurn(total: () => number): Ref<number> {
  const count = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined
  const step = () => {
    clearTimeout(timer)
    if (count.value >= total()) return
    count.value++
    timer = setTimeout(step)
  }
  watch(total, step, { immediate: true })
  onUnmounted(() => clearTimeout(timer))
  return count
}
