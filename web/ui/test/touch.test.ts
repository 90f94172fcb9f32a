import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../src/api/client'
import { i18n, loadLanguage } from '../src/i18n'
import { whyNoTouch } from '../src/signin/passkey'

beforeAll(() => Promise.all([loadLanguage('en'), loadLanguage('zh-CN')]))

describe('signing in by touch', () => {
  const reasons = [...readFileSync('../passkey/refuse.go', 'utf8').matchAll(/^\twhy\w+\s+= "([a-z]+)"/gm)].map((m) => m[1]!)
  const spoken = (key: string) => (['en', 'zh-CN'] as const).every((tag) => i18n.global.te(key, tag))

  it('has words for every reason that the service gives', () => {
    expect(reasons.length).toBeGreaterThan(4)
    for (const why of reasons) {
      const key = whyNoTouch(new Problem(401, { code: 'unauthenticated', faults: [{ field: 'passkey', why }] }))
      expect(key).toBe('touch.not.' + why)
      expect(spoken(key), why).toBe(true)
    }
  })

  it('has words for what browsers say', () => {
    for (const name of ['NotAllowedError', 'AbortError', 'InvalidStateError', 'SecurityError', 'NotSupportedError', 'ConstraintError']) {
      expect(spoken(whyNoTouch(new DOMException('', name))), name).toBe(true)
    }
  })

  it('leaves other failures to the general words', () => {
    expect(whyNoTouch(new Problem(429, { code: 'rate_limited' }))).toBe('')
    expect(whyNoTouch(new TypeError('x'))).toBe('')
    expect(whyNoTouch(undefined)).toBe('')
  })
})
