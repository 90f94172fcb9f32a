import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { i18n, loadLanguage } from '../src/i18n'
import { providerURL, whyNot } from '../src/signin/provider'

beforeAll(() => Promise.all([loadLanguage('en'), loadLanguage('zh-CN')]))

describe('signing in with a department’s account', () => {
  const codes = [...readFileSync('../oidc/token.go', 'utf8').matchAll(/^\twhy\w+\s+= "([a-z]+)"/gm)].map((m) => m[1]!)

  it('has words for every reason that the service gives', () => {
    expect(codes.length).toBeGreaterThan(7)
    for (const code of codes) {
      expect(whyNot(code)).toBe('sign_in.not.' + code)
      for (const lang of ['en', 'zh-CN'] as const) expect(i18n.global.te(whyNot(code), lang), code).toBe(true)
    }
  })

  it('takes no text of the address for words', () => {
    expect(whyNot('<b>')).toBe('sign_in.not.again')
    expect(whyNot(undefined)).toBe('')
    expect(whyNot(['away'])).toBe('')
  })

  it('goes to this service and nowhere else', () => {
    expect(providerURL('//evil.example/&x=1')).toBe('/api/session/oidc/start?to=%2F%2Fevil.example%2F%26x%3D1')
    expect(providerURL(undefined)).toBe('/api/session/oidc/start')
  })
})
