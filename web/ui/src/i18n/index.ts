import { createI18n } from 'vue-i18n'
import { setApiLanguage } from '../api/client'
import { en, zh } from './catalogue'

export type Language = 'zh-CN' | 'en'
export const languages: Language[] = ['zh-CN', 'en']
const stored = 'shouwang.language'

/** Chinese unless the person chose otherwise or the browser speaks no Chinese but English. */
export function firstLanguage(chosen: string | null, preferred: readonly string[]): Language {
  if (chosen === 'zh-CN' || chosen === 'en') return chosen
  for (const tag of preferred) {
    if (/^zh\b/i.test(tag)) return 'zh-CN'
    if (/^en\b/i.test(tag)) return 'en'
  }
  return 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLanguage(localStorage.getItem(stored), navigator.languages ?? []),
  fallbackLocale: 'en',
  messages: { 'zh-CN': zh, en },
})

function apply(tag: Language) {
  document.documentElement.lang = tag
  setApiLanguage(tag)
}

export function language(): Language {
  return i18n.global.locale.value as Language
}

export function setLanguage(tag: Language) {
  i18n.global.locale.value = tag
  localStorage.setItem(stored, tag)
  apply(tag)
}

apply(language())

/** The text of key.part, or of key.other when there is no such part. */
export function word(prefix: string, part: string | undefined): string {
  const { t, te } = i18n.global
  const key = `${prefix}.${part}`
  return part && (te(key) || te(key, 'en')) ? t(key) : t(`${prefix}.other`, { name: part ?? '' })
}
