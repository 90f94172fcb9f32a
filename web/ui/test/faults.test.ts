import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { h, nextTick, ref, shallowRef } from 'vue'
import { Problem } from '../src/api/client'
import { i18n, loadLanguage, setLanguage } from '../src/i18n'
import { asked, bodyOf, sentOf, signers, type Person } from '../src/people/api'
import Field from '../src/ui/Field.vue'
import { faultText, useFaults } from '../src/ui/faults'
import { mount } from './mount'

beforeAll(async () => {
  await loadLanguage('en')
  await setLanguage('en')
})

const refused = (...faults: [string, string][]) => new Problem(422, { code: 'bad_usage', faults: faults.map(([field, why]) => ({ field, why })) })

describe('what is wrong with a field', () => {
  // What the service can say of people's forms and of passwords, read from its source.
  const said = ['../people/check.go', '../people/propose.go', '../auth/rules.go', '../auth/session.go'].flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/(?:\bbad\(|\badd\(shouwang\.Code\w+, |\.At\()"([a-z_]+)", "([a-z_]+)"/g)].map((m) => [m[1]!, m[2]!] as [string, string]))

  it('has words of its own in both languages for all that the service says', async () => {
    await loadLanguage('zh-CN')
    expect(said.length).toBeGreaterThan(20)
    for (const [field, why] of said) for (const lang of ['en', 'zh-CN']) expect([`fault.${field}.${why}`, `people.fault.${field}.${why}`, `fault.any.${why}`].some((key) => i18n.global.te(key, lang)), `${field} ${why} ${lang}`).toBe(true)
  })

  it('says something of what it does not know', () => {
    expect(faultText({ field: 'login', why: 'taken' })).toContain('Choose another')
    expect(faultText({ field: 'shoe', why: 'taken' })).toContain('Choose another')
    expect(faultText({ field: 'shoe', why: 'blue' })).toContain('not right')
  })

  it('stands at the field, tied to its input', () => {
    const el = mount(Field, () => ({ name: 'unit', label: 'Unit', faults: new Map([['unit', 'no such unit']]) }))
    expect(el.querySelector('[data-fault=unit]')!.textContent).toBe('no such unit')
  })

  it('ties input and words for who cannot see them', () => {
    const el = mount({ render: () => h(Field, { name: 'unit', label: 'Unit', faults: new Map([['unit', 'no such unit']]) }, { default: ({ bind }: { bind: object }) => h('input', bind) }) }, () => ({}))
    const input = el.querySelector('input')!
    expect(input.getAttribute('aria-invalid')).toBe('true')
    expect(el.querySelector('#' + CSS.escape(input.getAttribute('aria-describedby')!))!.textContent).toBe('no such unit')
  })

  it('is told beside the form where the form has no such field, and focuses the first that it has', async () => {
    const form = document.createElement('form')
    form.innerHTML = '<input id="a" aria-invalid="true"><input id="b" aria-invalid="true">'
    document.body.append(form)
    const error = ref<unknown>()
    const faults = useFaults(error, ['login'], shallowRef(form))
    error.value = refused(['login', 'taken'], ['id', 'waiting'])
    expect([...faults.at.value.keys()]).toEqual(['login'])
    expect(faults.rest.value).toHaveLength(1)
    await nextTick()
    await nextTick()
    expect(document.activeElement?.id).toBe('a')
    error.value = new Problem(500, {})
    expect(faults.at.value.size + faults.rest.value.length).toBe(0)
  })
})

describe('the form of a person', () => {
  it('sends nothing of a kind that was chosen before', () => {
    const form = { ...bodyOf(), type: 'resident' as const, name: '', roles: ['dispatcher' as const], unit: 'u', home: 'house-1', on_duty: true }
    expect(sentOf(form)).toEqual({ type: 'resident', name: '', home: 'house-1', new: true })
    expect(asked.officer).toContain('roles')
  })

  it('sends all of somebody who is there, and does not call them new', () => {
    const li = { id: 'resident:li', type: 'resident', name: 'Li', home: 'house-1', sign_ins: [] } as unknown as Person
    expect(sentOf(bodyOf(li), li)).toMatchObject({ home: 'house-1', roles: [], on_duty: false })
    expect('new' in sentOf(bodyOf(li), li)).toBe(false)
  })

  it('names who could sign', () => {
    const officer = (id: string, change: object) => ({ id, type: 'officer', roles: ['oversight'], on_duty: true, sign_ins: [{ login: id, disabled: false }], ...change }) as unknown as Person
    const all = [officer('a', {}), officer('b', { on_duty: false }), officer('c', { roles: ['oversight', 'dispatcher'] }), officer('d', { sign_ins: [{ disabled: true }] }), officer('e', { roles: null })]
    expect(signers(all).map((p) => p.id)).toEqual(['a'])
  })
})
