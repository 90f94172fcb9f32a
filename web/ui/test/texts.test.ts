import { createI18n, type MessageCompiler } from 'vue-i18n'
import { compile } from '@intlify/core-base'
import { describe, expect, it } from 'vitest'
import { compiled } from '../dev/texts.mjs'
import type { Texts } from '../src/i18n/gather'
import { en, zh } from './catalogues'

/** All keys of a catalogue, as "a.b.c". */
const keys = (texts: Texts, at = ''): string[] => Object.entries(texts).flatMap(([k, v]) => (typeof v === 'string' ? [at + k] : keys(v, `${at}${k}.`)))

const values = new Proxy({}, { get: (_, name) => (name === 'n' || name === 'count' ? 2 : `<${String(name)}>`), has: () => true }) as Record<string, string>
const given = (text: string) => Object.fromEntries([...text.matchAll(/\{\s*(\w+)\s*\}/g)].map((m) => [m[1]!, values[m[1]!]!]))
const at = (texts: Texts, key: string) => key.split('.').reduce<unknown>((t, k) => (t as Texts)[k], texts) as string

describe('texts as the build compiles them', () => {
  for (const [tag, texts] of [['en', en], ['zh-CN', zh]] as const) {
    it(`read like those that are written (${tag})`, () => {
      const plain: MessageCompiler = (text, context) => (typeof text === 'string' ? () => text : compile(text, context))
      const speaks = (messages: unknown, messageCompiler?: MessageCompiler) => {
        const { global } = createI18n({ legacy: false, locale: tag, messages: { [tag]: messages } as never, ...(messageCompiler && { messageCompiler }) })
        return global as unknown as { t: (key: string, params: Record<string, string>, n: number) => string }
      }
      const written = speaks(texts)
      const built = speaks(JSON.parse(JSON.stringify(compiled(texts, tag))), plain)
      const all = keys(texts)
      expect(all.length).toBeGreaterThan(1000)
      // t writes the plural's number into the parameters, so each call has its own.
      const says = (by: typeof built, key: string) => [1, 2].map((n) => by.t(key, given(at(texts, key)), n)).join(' · ')
      const wrong = all.filter((key, n) => (/[{}|@]/.test(at(texts, key)) || n % 20 === 0) && says(built, key) !== says(written, key))
      expect(wrong).toEqual([])
    }, 30_000)
  }

  it('refuses one that vue-i18n would not read', () => {
    expect(() => compiled({ wrong: 'write name@example.com' }, 'en.json')).toThrow(/en.json.wrong.*name@example.com/)
  })
})
