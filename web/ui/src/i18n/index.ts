import { compile } from '@intlify/core-base'
import { createI18n, type MessageCompiler } from 'vue-i18n'
import { setApiLanguage } from '../api/client'

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

/** The build has compiled the texts (dev/texts.mjs) and left plain words plain; the tests' are compiled here. */
const messageCompiler: MessageCompiler = (text, context) => (import.meta.env.PROD && typeof text === 'string' ? () => text : compile(text, context))

export const i18n = createI18n({
  legacy: false,
  messageCompiler,
  locale: firstLanguage(localStorage.getItem(stored), navigator.languages ?? []),
  messages: {},
})

/** Only the language that is read is fetched; the other when it is chosen. */
const catalogues = { 'zh-CN': () => import('./zh-CN'), en: () => import('./en') } as const
const loaded = (tag: Language) => i18n.global.availableLocales.includes(tag)

/** Fetches a language's texts. */
export async function loadLanguage(tag: Language) {
  if (!loaded(tag)) i18n.global.setLocaleMessage(tag, (await catalogues[tag]()).default)
}

function apply(tag: Language) {
  document.documentElement.lang = tag
  setApiLanguage(tag)
}

export function language(): Language {
  return i18n.global.locale.value as Language
}

/** Changes the language, at once where its texts are there already. */
export function setLanguage(tag: Language): Promise<void> | void {
  if (!loaded(tag)) return loadLanguage(tag).then(() => setLanguage(tag))
  i18n.global.locale.value = tag
  localStorage.setItem(stored, tag)
  apply(tag)
}

apply(language())

/** The text of key.part, or of key.other when there is no such part. */
export function word(prefix: string, part: string | undefined): string {
  const { t, te } = i18n.global
  const key = `${prefix}.${part}`
  return part && te(key) ? t(key) : t(`${prefix}.other`, { name: part ?? '' })
}
