import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import deskTexts from '../src/i18n/desk/en'
import everyTexts from '../src/i18n/en'

/** The modules that a file brings in, and theirs. */
function closure(file: string, into: Map<string, string>) {
  if (into.has(file)) return
  const text = readFileSync(file, 'utf8')
  into.set(file, text)
  for (const [, spec] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
    const path = ['', '.ts', '.vue'].map((end) => join(dirname(file), spec!) + end).find((p) => /\.(ts|vue)$/.test(p) && existsSync(p))
    // The router names every page; the texts are what is asked about.
    if (path && !/src\/(router|i18n\/.*)\.ts$/.test(path)) closure(path, into)
  }
}

describe('texts of the desks', () => {
  const routes = [...readFileSync('src/router.ts', 'utf8').matchAll(/path: '([^']+)', component: \(\) => import\('\.\/([^']+)'\)(.*)/g)]
  const phone = routes.filter(([, , , rest]) => !/\bdesk: true\b/.test(rest!))
  const desk = Object.keys(deskTexts)

  it('are in no catalogue of the phones', () => {
    expect(desk.length).toBeGreaterThan(20)
    expect(desk.filter((k) => k in everyTexts)).toEqual([])
  })

  it('are used by no page of the phones, which are not sent them', () => {
    expect(phone.length).toBeGreaterThan(12)
    const files = new Map<string, string>()
    for (const [, , page] of phone) closure(join('src', page!), files)
    closure('src/App.vue', files)
    const used: string[] = []
    for (const [path, text] of files) for (const [said, key] of text.matchAll(/['`]([a-z_]+)\.[a-z_0-9.$]*|\bword\('([a-z_]+)'/g)) if (desk.includes(key ?? said.slice(6, -1))) used.push(`${path}: ${said}`)
    // A field's own words are looked for, and there are others where there are none.
    expect(used.filter((u) => !u.includes('`people.fault.$'))).toEqual([])
  })
})
