import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseSfc } from '@vue/compiler-sfc'
import { describe, expect, it } from 'vitest'
import { firstLanguage, i18n, setLanguage, word } from '../src/i18n'
import { reasonText } from '../src/i18n/reasons'
import { en, zh } from './catalogues'

type Tree = { [key: string]: string | Tree }

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const out = new Map<string, string>()
  for (const [k, v] of Object.entries(tree)) {
    const key = prefix ? `${prefix}.${k}` : k
    if (typeof v === 'string') out.set(key, v)
    else for (const [kk, vv] of flatten(v, key)) out.set(kk, vv)
  }
  return out
}

function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(dir, e.name)) : /\.(vue|ts)$/.test(e.name) ? [join(dir, e.name)] : [])
}

const sources = files('src').map((path) => ({ path, text: readFileSync(path, 'utf8') }))
const english = flatten(en)
const chinese = flatten(zh)
const holes = (s: string) => [...new Set(s.match(/\{\w+\}/g) ?? [])].sort().join()

describe('the two catalogues', () => {
  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('have the same placeholders in each text', () => {
    for (const [key, text] of english) expect(holes(chinese.get(key)!), key).toBe(holes(text))
  })

  it('have no Chinese in English and some Chinese in each Chinese sentence', () => {
    for (const [key, text] of english) if (key !== 'language.zh-CN') expect(text, key).not.toMatch(/[一-鿿]/)
    const same = [...chinese].filter(([key, text]) => /[a-z]{4}/i.test(text.replace(/\{\w+\}/g, '')) && !/[一-鿿]/.test(text) && !/^help\.key|^language\.en|\.other$/.test(key))
    expect(same).toEqual([])
  })
})

describe('the source', () => {
  it('uses no key that is not in the catalogues', () => {
    const missing: string[] = []
    for (const { path, text } of sources) {
      for (const m of text.matchAll(/\bt\(\s*'([a-z_0-9.]+)'\s*[,)]/g)) if (!english.has(m[1]!)) missing.push(`${path}: ${m[1]}`)
      for (const m of text.matchAll(/title: '([a-z_]+\.title)'/g)) if (!english.has(m[1]!)) missing.push(`${path}: ${m[1]}`)
      for (const m of text.matchAll(/\b(?:word|words)\('([a-z_.]+)'/g)) if (!english.has(m[1] + '.other')) missing.push(`${path}: ${m[1]}.other`)
      for (const m of text.matchAll(/\bt\(\s*'([a-z_0-9.]+\.)'\s*\+/g)) if (![...english.keys()].some((k) => k.startsWith(m[1]!))) missing.push(`${path}: ${m[1]}*`)
    }
    expect(missing).toEqual([])
  })

  it('leaves no key of the catalogues unused', () => {
    const all = sources.map((s) => s.text).join('\n')
    const prefixes = [...all.matchAll(/'([a-z_]+(?:\.[a-z_]+)*)\.?'\s*[+,)]|`([a-z_.]+)\.\$\{/g)].map((m) => m[1] ?? m[2]!)
    const unused = [...english.keys()].filter((k) => !all.includes(`'${k}'`) && !prefixes.some((p) => k.startsWith(p + '.')))
    expect(unused).toEqual([])
  }, 30_000)

  it('has no sentence in a template', () => {
    const found: string[] = []
    for (const { path, text } of sources.filter((s) => s.path.endsWith('.vue'))) walk(parseSfc(text).descriptor.template?.ast, path, found)
    expect(found).toEqual([])
  }, 30_000)

  it('has no Chinese in code', () => {
    expect(sources.filter((s) => /[一-鿿]/.test(s.text)).map((s) => s.path)).toEqual([])
  })
})

const spoken = ['title', 'alt', 'placeholder', 'aria-label', 'aria-description', 'label']

/** Collects text and spoken attributes that are written out instead of looked up. */
function walk(node: unknown, path: string, found: string[]) {
  const n = node as { type?: number; content?: unknown; props?: { type: number; name: string; value?: { content: string } }[]; children?: unknown[]; branches?: unknown[] }
  if (!n) return
  if (n.type === 2 && typeof n.content === 'string' && /\p{L}{2}/u.test(n.content)) found.push(`${path}: ${n.content.trim()}`)
  for (const p of n.props ?? []) if (p.type === 6 && spoken.includes(p.name) && /\p{L}/u.test(p.value?.content ?? '')) found.push(`${path}: ${p.name}="${p.value!.content}"`)
  for (const c of n.children ?? []) walk(c, path, found)
}

describe('the language at first', () => {
  it.each([
    [null, ['zh-CN', 'en'], 'zh-CN'],
    [null, ['en-GB'], 'en'],
    [null, ['de', 'en'], 'en'],
    [null, ['fr'], 'zh-CN'],
    [null, [], 'zh-CN'],
    ['en', ['zh-CN'], 'en'],
    ['xx', ['zh-TW'], 'zh-CN'],
  ] as const)('chosen %s, browser %j: %s', (chosen, preferred, want) => {
    expect(firstLanguage(chosen, preferred)).toBe(want)
  })

  it('is told to the page and kept', () => {
    setLanguage('en')
    expect(document.documentElement.lang).toBe('en')
    expect(document.cookie).toContain('shouwang-language=en')
    expect(i18n.global.t('sign_in.title')).toBe('Sign in')
    setLanguage('zh-CN')
    expect(i18n.global.t('sign_in.title')).toBe('登录')
  })
})

describe('words for constants', () => {
  it('names what it does not know', () => {
    setLanguage('en')
    expect(word('kind', 'person')).toBe('Person')
    expect(word('kind', 'meteor')).toBe('Event (meteor)')
    expect(word('kind', undefined)).toBe('Event ()')
  })

  it('says the policy\'s own sentence for a reason, to each audience', () => {
    setLanguage('en')
    expect(reasonText('consent_withdrawn')).toBe('The owner withdrew consent.')
    expect(reasonText('consent_withdrawn', 'resident')).toMatch(/^You withdrew/)
    expect(reasonText('no_renderer')).toMatch(/masking does not work/)
    expect(reasonText('brand_new')).toBe('Not allowed (brand_new).')
  })
})
