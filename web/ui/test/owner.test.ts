import { describe, expect, it } from 'vitest'
import type { Consent, Invitation, Look, Proposal } from '../src/api/types'
import { setLanguage } from '../src/i18n'
import { asAsked, boundsOfProposal, leastOf, shown, yes } from '../src/join/steps'
import { voiceFor } from '../src/join/speak'
import { byDay } from '../src/my/byDay'
import { boundsOf, changesOf, draftOf } from '../src/my/choices'
import { check } from '../src/my/looks/proof'
import { Fault, type LogCheck } from '../src/log/verify'
import { effectOf, faultsOf, filtered, nothing, rowOf } from '../src/my/many/many'
import { daysLeft, ending } from '../src/my/renewal'
import { mine, now as instant } from './make'

const now = new Date(instant)
const proposal: Proposal = {
  slots: ['mon-08', 'mon-09'], modes: ['live', 'incident', 'playback', 'analytics:person'], audiences: [{ id: 'dispatch-centre' }, { id: 'cell', name: '小组', name_en: 'Cell' }],
  area_scope: 'township', limits: { clip_min: 60, lookback_days: 7, looks_per_day: 20 }, min_obligations: [], recording: 'events', retention_days: 10, months: 12,
}
const invitation: Invitation = {
  kind: 'new', state: 'open', expires: '', purpose: 'public_safety', asked_by: { name: '普文' }, camera: { id: 'd', name: '门', legal_class: 'resident', mount: 'own_premises', sign: true, place: [] },
  account: 'new', controllers: [], notice: { id: 'n', version: '1', texts: { en: { title: 'T', sections: [], hash: 'sha256:e' } } }, proposal, rest_days: 90,
}

describe('an invitation', () => {
  it('can be answered with what is asked for, or with less', () => {
    expect(boundsOfProposal(proposal)).toEqual({ modes: ['live', 'incident', 'playback'], audiences: proposal.audiences, recordings: ['none', 'events'], days: [3, 7, 10] })
    expect(asAsked(proposal).draft).toEqual({ modes: proposal.modes, audiences: ['dispatch-centre', 'cell'], recording: 'events', retention_days: 10 })
    expect(leastOf(proposal)).toEqual({ slots: proposal.slots, draft: { modes: ['incident'], audiences: ['dispatch-centre'], recording: 'none', retention_days: 3 } })
  })
  it('sends a yes that names the notice as it was shown', () => {
    const sign = { name: ' Li ', login: ' li ', password: ' p w ', cohabitants: true }
    const body = yes(invitation, leastOf(proposal), sign, shown(invitation.notice, 'en', true), false)
    expect(body).toMatchObject({ answer: 'give', name: 'Li', login: 'li', password: ' p w ', cohabitants_informed: true, notice: { id: 'n', version: '1', hash: 'sha256:e', language: 'en', read_aloud: true } })
    expect(body.choices?.masks).toBeUndefined()
  })
  it('asks nobody for a name who has one', () => {
    const sign = { name: 'x', login: 'li', password: 'p', cohabitants: true }
    expect(yes({ ...invitation, account: 'sign_in' }, asAsked(proposal), sign, shown(invitation.notice, 'en', false), false)).not.toHaveProperty('name')
    const known = yes({ ...invitation, account: 'sign_in' }, asAsked(proposal), sign, shown(invitation.notice, 'en', false), true)
    expect(known).not.toHaveProperty('login')
    expect(known).not.toHaveProperty('password')
  })
})

describe('a voice', () => {
  const voices = [{ lang: 'en-GB' }, { lang: 'zh_CN' }, { lang: 'zh-TW' }]
  it('fits the language, else there is none and no button', () => {
    expect(voiceFor(voices, 'zh-CN')?.lang).toBe('zh_CN')
    expect(voiceFor(voices, 'en')?.lang).toBe('en-GB')
    expect(voiceFor([{ lang: 'de-DE' }], 'zh-CN')).toBeUndefined()
  })
})

describe('other terms', () => {
  const consent = mine([{ modes: ['live', 'playback'], audiences: ['dispatch-centre'], recording: 'events', retention_days: 7 }]).consents![0]! as Consent
  it('are sent only where they differ, in whatever order', () => {
    const before = draftOf(consent)
    expect(changesOf(before, { ...before, modes: ['playback', 'live'] })).toEqual({})
    expect(changesOf(before, { ...before, modes: ['live'], retention_days: 3 })).toEqual({ modes: ['live'], retention_days: 3 })
  })
  it('are offered within what was asked for, or else what stands', () => {
    expect(boundsOf(consent)).toMatchObject({ modes: ['live', 'playback'], recordings: ['none', 'events'], days: [3, 7] })
    expect(boundsOf({ ...consent, asked: proposal })).toMatchObject({ modes: ['live', 'incident', 'playback'], days: [3, 7, 10] })
  })
})

describe('a consent that ends', () => {
  const ends = (days: number, state = 'given') => ({ state: state as Consent['state'], not_after: new Date(instant + days * 864e5).toISOString() })
  it('is told of thirty days before, soonest first, if it is still in force', () => {
    const m = mine([ends(29), ends(31), ends(3), ends(5, 'withdrawn'), ends(-1)])
    expect(ending(m, instant).map((c) => c.id)).toEqual(['c-4', 'c-2', 'c-0'])
    expect(daysLeft(ends(3).not_after, instant)).toBe(3)
    expect(daysLeft(ends(-2).not_after, instant)).toBe(0)
  })
})

describe('the list of many', () => {
  const rows = [
    rowOf({ ...mine([{ slots: ['mon-08'], audiences: ['dispatch-centre'] }]), camera: { ...mine([]).camera, id: 'shop-1', name: '东店' } }, now),
    rowOf({ ...mine([{ state: 'withdrawn' }]), camera: { ...mine([]).camera, id: 'shop-2', name: '西店' } }, now),
  ]
  it('is filtered by words and state', () => {
    setLanguage('zh-CN')
    const ids = (text: string, kind: Parameters<typeof filtered>[2] = '') => filtered(rows, text, kind).map((r) => r.id)
    expect(ids('')).toEqual(['shop-1', 'shop-2'])
    expect(ids('SHOP 东')).toEqual(['shop-1'])
    expect(ids('指挥中心')).toEqual(['shop-1'])
    expect(ids('', 'stopped')).toEqual(['shop-2'])
    expect(ids('nowhere')).toEqual([])
  })
  it('tells what a change does to each before it is made', () => {
    expect(effectOf(rows[0]!, { slots: ['mon-08', 'tue-08'] })).toMatchObject({ barred: false, more: 1, fewer: 0 })
    expect(effectOf(rows[0]!, { audiences: ['cell'] })).toMatchObject({ audiencesAdded: ['cell'], audiencesGone: ['dispatch-centre'] })
    expect(nothing(effectOf(rows[0]!, { slots: ['mon-08'] }))).toBe(true)
    expect(effectOf(rows[1]!, { slots: ['mon-08'] }).barred).toBe(true)
  })
  it('tells which were left as they were, and why', () => {
    expect(faultsOf(rows, { changed: 0, results: [{ id: 'c-0', code: 'conflict' }] })).toEqual(new Map([['shop-1', 'conflict']]))
    expect(faultsOf(rows, { changed: 1, results: [{ id: 'c-0', receipt: 'r' }] }).size).toBe(0)
  })
})

describe('who looked', () => {
  const proof = { leaf_index: 7, salt: 's', entry: '{}' }
  const look = { at: '2026-11-23T10:00:00Z', person: '陈', action: 'view_live', purpose: 'public_safety', index: 7, bytes_out: 0, obligations: [], own: false, exported: false, proof } as Look
  const logged = { at: '2026-11-23T10:00:00.000Z', person: '陈', action: 'view_live', purpose: 'public_safety' }
  const log = (answer: () => Promise<unknown>) => Promise.resolve({ entry: answer } as unknown as LogCheck)
  const verified = async () => ({ checkpoint: { cosignatures: [{}, {}], size: 9 }, entry: logged })

  it('is grouped by day, newest first as it came', () => {
    setLanguage('en')
    const groups = byDay(['2026-11-23T10:00:00', '2026-11-23T09:00:00', '2026-11-22T23:00:00'], (x) => x)
    expect(groups.map((g) => g.items.length)).toEqual([2, 1])
  })
  it('is checked only when the log bears out what the page shows', async () => {
    expect(await check(log(verified), look)).toEqual({ state: 'checked', witnesses: 2, size: 9 })
    for (const wrong of [{ person: '王' }, { action: 'playback' }, { purpose: 'own' }, { at: '2026-11-23T10:00:01Z' }]) {
      expect(await check(log(verified), { ...look, ...wrong } as Look), JSON.stringify(wrong)).toEqual({ state: 'wrong', code: 'shown_differs' })
    }
  })
  it('is not called checked for want of a proof, of the network, or of a published head', async () => {
    expect(await check(log(verified), { ...look, proof: { salt: 's', entry: '{}' } })).toEqual({ state: 'soon' })
    expect(await check(log(() => Promise.reject(new TypeError('network'))), look)).toEqual({ state: 'unknown' })
    expect(await check(Promise.reject(new Fault('bad_key', 'x')), look)).toEqual({ state: 'wrong', code: 'bad_key' })
    expect(await check(log(() => Promise.reject(new Fault('unpublished', 'x'))), look)).toEqual({ state: 'soon' })
    expect(await check(log(() => Promise.reject(new Fault('entry_missing', 'x'))), look)).toEqual({ state: 'wrong', code: 'entry_missing' })
    expect(await check(log(async () => ({ checkpoint: { cosignatures: [], size: 9 }, entry: null })), look)).toEqual({ state: 'wrong', code: 'shown_differs' })
  })
})
