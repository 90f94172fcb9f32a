import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, loadLanguage, setLanguage } from '../src/i18n'
import TroubleList from '../src/system/TroubleList.vue'
import { en } from './catalogues'
import { mount } from './mount'

beforeAll(() => loadLanguage('en'))

describe('what is wrong with the service', () => {
  const codes = [...readFileSync('../health/health.go', 'utf8').matchAll(/^\t[A-Z]\w+\s+= "([a-z_]+)"$/gm)].map((m) => m[1]!)

  it('has words and something to do for every code that the service knows', () => {
    expect(codes.length).toBeGreaterThan(10)
    for (const code of codes) for (const part of ['what', 'do']) expect(i18n.global.te(`health.trouble.${code}.${part}`, 'en'), code).toBe(true)
    expect(Object.keys((en as unknown as { health: { trouble: object } }).health.trouble).sort()).toEqual([...codes].sort())
  })

  it('says when nothing is', async () => {
    await setLanguage('en')
    expect(mount(TroubleList, () => ({ troubles: [] })).textContent).toContain('Nothing needs attention')
  })

  it('tells each with its subject and what to do', async () => {
    await setLanguage('en')
    const el = mount(TroubleList, () => ({ troubles: [{ code: 'witness_away', level: 'warn', subject: 'county court' }] }))
    expect(el.textContent).toContain('county court does not answer')
    expect(el.querySelector('[data-trouble="witness_away"] p')!.textContent).toContain('Ask the body that runs it')
  })
})
