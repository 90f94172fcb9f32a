import { onMounted, onUnmounted } from 'vue'

/**
 * Asks again every so often while the page is looked at, and at once when it
 * is looked at again, for what no event stream tells.
 */
export function useAgain(ask: () => unknown, everyMs = 10_000) {
  let timer: ReturnType<typeof setInterval> | undefined
  const visible = () => !document.hidden && void ask()
  onMounted(() => {
    timer = setInterval(visible, everyMs)
    document.addEventListener('visibilitychange', visible)
  })
  onUnmounted(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', visible)
  })
}
