import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, h, nextTick } from 'vue'
import { Problem } from '../src/api/client'
import { stream } from '../src/api/stream'
import { againMs, useLoad, type Loaded } from '../src/ui/load'

/** Runs useLoad in a component and gives what it returns and the way to end it. */
function loaded<T>(fetcher: () => Promise<T>): { loads: Loaded<T>; end: () => void } {
  let loads!: Loaded<T>
  const app = createApp({ setup: () => ((loads = useLoad(fetcher)), () => h('p')) })
  app.mount(document.createElement('div'))
  return { loads, end: () => app.unmount() }
}

describe('something fetched', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    stream.status.connected = false
  })

  it('is asked for again until the service answers, and no longer than the page is open', async () => {
    let away = true
    const ask = vi.fn(() => (away ? Promise.reject(new Problem(503, {})) : Promise.resolve('here')))
    const { loads, end } = loaded(ask)
    await vi.advanceTimersByTimeAsync(0)
    expect(loads.error.value).toBeInstanceOf(Problem)
    await vi.advanceTimersByTimeAsync(againMs)
    expect(ask).toHaveBeenCalledTimes(2)
    away = false
    await vi.advanceTimersByTimeAsync(againMs)
    expect([loads.data.value, loads.error.value]).toEqual(['here', undefined])
    await vi.advanceTimersByTimeAsync(10 * againMs)
    expect(ask).toHaveBeenCalledTimes(3)
    away = true
    await loads.load()
    end()
    await vi.advanceTimersByTimeAsync(10 * againMs)
    expect(ask).toHaveBeenCalledTimes(4)
  })

  it('is not asked for again where the answer is no', async () => {
    const ask = vi.fn(() => Promise.reject(new Problem(403, { code: 'denied' })))
    const { end } = loaded(ask)
    await vi.advanceTimersByTimeAsync(10 * againMs)
    expect(ask).toHaveBeenCalledTimes(1)
    end()
  })

  it('is read once more when the service comes back under an open page', async () => {
    const ask = vi.fn(() => Promise.resolve('here'))
    const { end } = loaded(ask)
    await vi.advanceTimersByTimeAsync(0)
    for (const is of [true, false, true]) {
      stream.status.connected = is
      await nextTick()
    }
    expect(ask).toHaveBeenCalledTimes(2) // not for the first connection
    end()
  })
})
