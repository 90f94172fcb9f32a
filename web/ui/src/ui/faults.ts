import { computed, nextTick, watch, type ComputedRef, type Ref } from 'vue'
import { Problem } from '../api/client'
import type { Fault } from '../api/types'
import { i18n } from '../i18n'

/** What is wrong with a field, in words: its own where it has some, the form's room first. */
export function faultText(f: Fault, room = 'people'): string {
  const { t, te } = i18n.global
  for (const key of [`${room}.fault.${f.field}.${f.why}`, `fault.${f.field}.${f.why}`, `fault.any.${f.why}`]) if (te(key)) return t(key)
  return t('fault.any.other')
}

export interface Faults {
  /** Words by field. */
  at: ComputedRef<Map<string, string>>
  /** Words for fields that the form does not show. */
  rest: ComputedRef<string[]>
}

/** The faults of a form that failed, by the fields it shows, in the words of its room (an i18n key); the first of them gets the focus. */
export function useFaults(error: Ref<unknown>, fields: readonly string[], form: Readonly<{ value: HTMLElement | null }>, room?: string): Faults {
  const all = computed(() => (error.value instanceof Problem ? error.value.faults : []))
  const at = computed(() => {
    const words = new Map<string, string>()
    for (const f of all.value) if (fields.includes(f.field) && !words.has(f.field)) words.set(f.field, faultText(f, room))
    return words
  })
  const rest = computed(() => all.value.filter((f) => !fields.includes(f.field)).map((f) => faultText(f, room)))
  watch(at, async (words) => {
    if (!words.size) return
    await nextTick()
    form.value?.querySelector<HTMLElement>('[aria-invalid=true], [data-fault] input')?.focus()
  })
  return { at, rest }
}
