import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick, reactive } from 'vue'
import CellLook from '../src/cell/CellLook.vue'
import { i18n } from '../src/i18n'
import { LivePlayer, type PlayerState } from '../src/live/player'
import WallTile from '../src/wall/WallTile.vue'
import { camera } from './make'
import { mount } from './mount'

describe('a live view in a page', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('covers a picture that stands still, and shows it again when it goes on', async () => {
    const state = reactive({ phase: 'playing', lastFrame: Date.now(), obligations: [] })
    const start = vi.spyOn(LivePlayer.prototype, 'start').mockImplementation(function (this: LivePlayer) {
      ;(this as { state: PlayerState }).state = state as unknown as PlayerState
    })
    const root = mount(CellLook, () => ({ camera: { id: 'c-1', incident: 'inc-1' } }))
    await nextTick()
    expect(start).toHaveBeenCalledWith({ incident: 'inc-1' })
    const covered = () => root.querySelector('video')!.classList.contains('covered')
    await vi.advanceTimersByTimeAsync(1000)
    expect(covered()).toBe(false)
    await vi.advanceTimersByTimeAsync(2000)
    expect(covered()).toBe(true)
    expect(root.querySelector('.cover')!.textContent).toContain(i18n.global.t('tile.frozen'))
    state.lastFrame = Date.now()
    await vi.advanceTimersByTimeAsync(500)
    expect(covered()).toBe(false)
  })

  it('is asked for again on the wall though the owner agreed again at once', async () => {
    const state = reactive({ phase: 'playing', since: Date.now(), lastFrame: Date.now(), obligations: [], reason: '' })
    const start = vi.spyOn(LivePlayer.prototype, 'start').mockImplementation(function (this: LivePlayer) {
      ;(this as { state: PlayerState }).state = state as unknown as PlayerState
    })
    const live = () => ({ decision: 'allow' as const, reasons: ['consent'] })
    const props = reactive({ camera: camera({ live: live() }), place: '', now: 0, who: '', focused: false })
    mount(WallTile, () => ({ ...props }))
    await nextTick()
    expect(start).toHaveBeenCalledTimes(1)
    Object.assign(state, { phase: 'ended', reason: 'consent_withdrawn', since: Date.now() })
    await vi.advanceTimersByTimeAsync(1000)
    props.camera = camera({ live: live() }) // withdrawn and given again between two lists
    await vi.advanceTimersByTimeAsync(1500)
    expect(start).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(start).toHaveBeenCalledTimes(2)
    props.camera = camera({ live: { decision: 'deny', reasons: ['consent_withdrawn'] } })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(start).toHaveBeenCalledTimes(2)
  })
})
