import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApp, h, nextTick, ref } from 'vue'
import { useInTurn } from '../src/ui/inTurn'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a list comes up one piece a task, and goes on when it grows', async () => {
  const total = ref(3)
  let shown!: ReturnType<typeof useInTurn>
  const app = createApp({ setup: () => ((shown = useInTurn(() => total.value)), () => h('p')) })
  app.mount(document.createElement('div'))
  expect(shown.value).toBe(1)
  vi.advanceTimersToNextTimer()
  expect(shown.value).toBe(2)
  vi.runAllTimers()
  expect(shown.value).toBe(3)
  total.value = 5
  await nextTick()
  expect(shown.value).toBe(4)
  app.unmount()
  expect(vi.getTimerCount()).toBe(0)
})
