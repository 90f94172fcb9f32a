import { compile } from '@intlify/core-base'
import { createI18n, type MessageCompiler } from 'vue-i18n'
import { setApiLanguage } from '../api/client'

export type Language = 'zh-CN' | 'en'
export const languages: Language[] = ['zh-CN', 'en']
const stored = 'shouwang-language'

/** The language that was chosen before, if any. A cookie keeps it, so that the service speaks it already when the browser asks ahead of this script (web/front). */
const chosenBefore = () => new RegExp(`(?:^|; )${stored}=([^;]*)`).exec(document.cookie)?.[1] ?? null

function remember(tag: Language) {
  document.cookie = `${stored}=${tag}; Path=/; Max-Age=${366 * 86_400}; SameSite=Lax`
}

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
  locale: firstLanguage(chosenBefore(), navigator.languages ?? []),
  messages: {},
})

/** Only what is read is fetched: the other language when it is chosen, the desks' texts for the desks' pages. */
const catalogues = {
  everybody: { 'zh-CN': () => import('./zh-CN'), en: () => import('./en') },
  desk: { 'zh-CN': () => import('./desk/zh-CN'), en: () => import('./desk/en') },
} as const
type Part = keyof typeof catalogues
const wanted = new Set<Part>(['everybody'])
const here = new Set<string>()
const missing = (tag: Language) => [...wanted].filter((part) => !here.has(part + tag))

/** Fetches a language's texts, as far as they are wanted. */
export async function loadLanguage(tag: Language) {
  await Promise.all(missing(tag).map(async (part) => {
    const texts = (await catalogues[part][tag]()).default
    i18n.global.setLocaleMessage(tag, { ...i18n.global.getLocaleMessage(tag), ...texts })
    here.add(part + tag)
  }))
}

/** Fetches what the desks' pages say, now and whenever the language changes. */
export function wantDesk(): Promise<void> {
  wanted.add('desk')
  return loadLanguage(language())
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
  if (missing(tag).length) return loadLanguage(tag).then(() => setLanguage(tag))
  i18n.global.locale.value = tag
  remember(tag)
  apply(tag)
}

apply(language())

/** The text of key.part, or of key.other when there is no such part. */
export function word(prefix: string, part: string | undefined): string {
  const { t, te } = i18n.global
  const key = `${prefix}.${part}`
  return part && te(key) ? t(key) : t(`${prefix}.other`, { name: part ?? '' })
}
