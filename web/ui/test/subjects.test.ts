import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import MarkPad from '../src/subjects/MarkPad.vue'
import { between, boxAt, withMark, type Mark } from '../src/subjects/marks'
import { mount } from './mount'

const at = (seconds: number, x: number): Mark => ({ at: seconds * 1000, box: [x, 0.2, 0.1, 0.3] })

describe('where somebody is marked', () => {
  it('is between two marks, and nowhere before, after or over a long gap', () => {
    const marks = [at(10, 0.1), at(12, 0.3), at(20, 0.5), at(21, 0.6)]
    expect(boxAt(marks, 11_000)![0]).toBeCloseTo(0.2)
    expect(boxAt(marks, 12_000)).toEqual([0.3, 0.2, 0.1, 0.3])
    for (const s of [9.9, 16, 21.1]) expect(boxAt(marks, s * 1000)).toBeUndefined()
    expect(boxAt([], 0)).toBeUndefined()
    expect(boxAt([at(10, 0.1)], 10_000)).toEqual([0.1, 0.2, 0.1, 0.3])
  })
  it('stays for a minute where they stand', () => {
    expect(boxAt([at(0, 0.4), at(59, 0.405)], 30_000)).toBeDefined()
    expect(boxAt([at(0, 0.4), at(61, 0.4)], 30_000)).toBeUndefined()
  })
  it('has one mark a picture, in order', () => {
    const marks = withMark(withMark([at(4, 0.1)], at(2, 0.2)), { ...at(4, 0.3), at: 4_100 })
    expect(marks.map((m) => [m.at, m.box[0]])).toEqual([[2000, 0.2], [4100, 0.3]])
  })
  it('is a box within the picture, whichever way it is drawn', () => {
    expect(between([0.5, 0.6], [0.3, 0.2])).toEqual([0.3, 0.2, 0.2, 0.4])
    expect(between([-1, 0.5], [0.2, 3])).toEqual([0, 0.5, 0.2, 0.5])
  })
})

describe('the pad', () => {
  it('draws in the picture, not in the bars beside it', async () => {
    const drawn = vi.fn()
    const root = mount(MarkPad, () => ({ open: true, at: 0, onDraw: drawn }))
    const video = document.createElement('video')
    Object.defineProperty(video, 'videoWidth', { value: 640 })
    Object.defineProperty(video, 'videoHeight', { value: 360 })
    video.getBoundingClientRect = () => new DOMRect(0, 0, 1000, 360) // bars of 180 on both sides
    root.append(video)
    const pad = root.querySelector<HTMLElement>('[data-mark-pad]')!
    pad.setPointerCapture = () => {}
    const drag = (type: string, x: number, y: number) => pad.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, pointerId: 1 }))
    drag('pointerdown', 180 + 64, 36)
    drag('pointermove', 180 + 128, 180)
    drag('pointerup', 180 + 128, 180)
    await nextTick()
    expect(drawn).toHaveBeenCalledExactlyOnceWith([0.1, 0.1, 0.1, 0.4])
    drag('pointerdown', 300, 100)
    drag('pointerup', 300, 100)
    expect(drawn).toHaveBeenCalledTimes(1)
  })
})
