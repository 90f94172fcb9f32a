import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, reactive } from 'vue'
import { LivePlayer, type PlayerState } from '../src/live/player'
import Still from '../src/my/masks/Still.vue'
import { mount } from './mount'

describe('a still from the live picture', () => {
  let state: { phase: string; lastFrame: number; obligations: string[] }
  const draw = vi.fn()
  beforeEach(() => {
    vi.useFakeTimers()
    vi.setSystemTime(1_000_000)
    draw.mockClear()
    vi.spyOn(LivePlayer.prototype, 'start').mockImplementation(function (this: LivePlayer) {
      ;(this as { state: PlayerState }).state = state as unknown as PlayerState
    })
    vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ drawImage: draw } as never)
    for (const [name, value] of [['videoWidth', 640], ['videoHeight', 360]] as const) {
      Object.defineProperty(HTMLVideoElement.prototype, name, { configurable: true, value })
    }
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  /** Lets the view show a picture every 200 ms for so long; returns how often the view was ended. */
  async function watch(obligations: string[], ms: number) {
    state = reactive({ phase: 'playing', lastFrame: 0, obligations })
    const stop = vi.spyOn(LivePlayer.prototype, 'stop').mockImplementation(() => {})
    const taken = vi.fn()
    mount(Still, () => ({ camera: { id: 'c-1' }, onTaken: taken }))
    await nextTick()
    for (let t = 0; t < ms && stop.mock.calls.length === 0; t += 200) {
      await vi.advanceTimersByTimeAsync(200)
      state.lastFrame = Date.now()
      await nextTick()
    }
    expect(taken.mock.calls).toEqual([[640 / 360]])
    return stop.mock.calls.length
  }

  it('looks once where nothing is pixelated', async () => {
    expect(await watch(['mask', 'watermark'], 5000)).toBe(1)
    expect(draw).toHaveBeenCalledTimes(1)
  })

  it('looks until a veiled scene is known, and no longer', async () => {
    expect(await watch(['blur_people'], 16_000)).toBe(0)
    expect(draw.mock.calls.length).toBeGreaterThan(10)
    draw.mockClear()
    expect(await watch(['blur_people'], 30_000)).toBe(1)
    expect(draw.mock.calls.length).toBeLessThan(20)
  })
})
