import { mount } from './mount'
import { describe, expect, it } from 'vitest'
import { nextTick, ref } from 'vue'
import { setLanguage } from '../src/i18n'
import { hourLines } from '../src/my/week/hours'
import { difference, inOrder, moved, painted, presetNames, presets, rectangle } from '../src/my/week/week'
import HoursChoice from '../src/my/week/HoursChoice.vue'
import WeekGrid from '../src/my/week/WeekGrid.vue'

describe('the week', () => {
  it('spans a rectangle whichever corner comes first', () => {
    const want = ['mon-06', 'mon-07', 'tue-06', 'tue-07']
    expect(rectangle({ day: 0, hour: 6 }, { day: 1, hour: 7 })).toEqual(want)
    expect(rectangle({ day: 1, hour: 7 }, { day: 0, hour: 6 })).toEqual(want)
  })
  it('keeps the order of the week', () => {
    expect(inOrder(new Set(['sun-23', 'mon-00', 'nonsense', 'fri-05']))).toEqual(['mon-00', 'fri-05', 'sun-23'])
  })
  it('paints and wipes', () => {
    expect([...painted(new Set(['mon-01']), ['mon-02'], true)]).toEqual(['mon-01', 'mon-02'])
    expect([...painted(new Set(['mon-01', 'mon-02']), ['mon-02'], false)]).toEqual(['mon-01'])
  })
  it('has ready-made weeks of the hours they name, in order and without doubles', () => {
    expect(Object.fromEntries(presetNames.map((n) => [n, presets[n]().length]))).toEqual({ always: 168, daytime: 112, night: 56, workdays: 50, none: 0 })
    for (const n of presetNames) expect(inOrder(new Set(presets[n]())), n).toEqual(n === 'daytime' || n === 'always' || n === 'night' || n === 'workdays' ? presets[n]() : [])
  })
  it('counts what is more and what is fewer', () => {
    expect(difference(['mon-01', 'mon-02'], ['mon-02', 'mon-03', 'mon-04'])).toEqual({ more: 2, fewer: 1 })
  })
  it('stops at the edges', () => {
    expect(moved({ day: 0, hour: 0 }, 'ArrowLeft')).toEqual({ day: 0, hour: 0 })
    expect(moved({ day: 6, hour: 23 }, 'ArrowDown')).toEqual({ day: 6, hour: 23 })
    expect(moved({ day: 3, hour: 3 }, 'End')).toEqual({ day: 6, hour: 3 })
    const same = { day: 3, hour: 3 }
    expect(moved(same, 'x')).toBe(same)
  })
  it('says itself in words', () => {
    setLanguage('en')
    expect(hourLines(presets.workdays())).toEqual(['Monday to Friday 08:00–18:00'])
    expect(hourLines(presets.night())).toEqual(['Every day 00:00–06:00, 22:00–24:00'])
    expect(hourLines([])).toEqual(['never'])
    setLanguage('zh-CN')
    expect(hourLines(presets.always())).toEqual(['每天 全天'])
  })
})

describe('the grid', () => {
  const cell = (el: HTMLElement, slot: string) => el.querySelector<HTMLElement>(`[data-slot=${slot}]`)!

  it('goes by keys: arrows move, space paints, shift drags the colour along', async () => {
    const slots = ref(['mon-08'])
    const el = mount(WeekGrid, () => ({ modelValue: slots.value, label: 'week', 'onUpdate:modelValue': (v: string[]) => (slots.value = v) }))
    const press = async (key: string, shiftKey = false) => {
      el.querySelector<HTMLElement>('[role=gridcell][tabindex="0"]')!.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }))
      await nextTick()
      await nextTick()
    }
    await press(' ')
    expect(slots.value).toEqual([])
    await press(' ')
    await press('ArrowRight', true)
    expect(slots.value).toEqual(['mon-08', 'tue-08'])
    expect(cell(el, 'tue-08').tabIndex).toBe(0)
    expect(cell(el, 'tue-08').getAttribute('aria-selected')).toBe('true')
    expect(el.querySelectorAll('[role=gridcell][tabindex="0"]').length).toBe(1)
  })

  it('paints nothing that was not asked for', async () => {
    const slots = ref<string[]>([])
    const within = rectangle({ day: 0, hour: 6 }, { day: 6, hour: 7 })
    const el = mount(WeekGrid, () => ({ modelValue: slots.value, within, label: 'week', 'onUpdate:modelValue': (v: string[]) => (slots.value = v) }))
    el.querySelector<HTMLElement>('.head button')!.click()
    await nextTick()
    expect(slots.value).toEqual(['mon-06', 'mon-07'])
    el.querySelector<HTMLElement>('.head button')!.click()
    await nextTick()
    expect(slots.value).toEqual([])
  })
})

describe('the ready-made weeks', () => {
  it('offer only what was asked for, and all of that', () => {
    const within = rectangle({ day: 0, hour: 6 }, { day: 6, hour: 22 })
    const el = mount(HoursChoice, () => ({ modelValue: within, within, label: 'week' }))
    expect([...el.querySelectorAll('[data-preset]')].map((b) => [b.getAttribute('data-preset'), b.getAttribute('aria-pressed')])).toEqual([
      ['asked', 'true'], ['daytime', 'false'], ['workdays', 'false'],
    ])
  })
  it('offer all where nothing was noted', () => {
    const el = mount(HoursChoice, () => ({ modelValue: presets.always(), label: 'week' }))
    expect([...el.querySelectorAll('[data-preset]')].map((b) => b.getAttribute('data-preset'))).toEqual(['always', 'daytime', 'night', 'workdays'])
  })
})
