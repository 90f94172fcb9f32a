// The stand-in's answers for owners: invitations, terms, an owner of forty.
import { readFileSync } from 'node:fs'

const day = 864e5
const iso = (ms) => new Date(ms).toISOString()
const week = (from, to) => ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].flatMap((d) => Array.from({ length: to - from }, (_, h) => `${d}-${String(h + from).padStart(2, '0')}`))

export const asked = {
  slots: week(6, 23), modes: ['live', 'incident', 'playback', 'export'], area_scope: 'township', recording: 'events', retention_days: 14, months: 12,
  audiences: [{ id: 'dispatch-centre' }, { id: 'neighbour-cell-7', name: '第七联防小组', name_en: 'Neighbour cell 7', guardian: '赵大爷' }],
  incident: { types: ['burglary', 'fire', 'sos'], radius_m: 300, max_minutes: 30 }, limits: { clip_min: 60, lookback_days: 7, looks_per_day: 20 }, min_obligations: ['mask', 'blur_people', 'watermark', 'notify_owner'],
}
const text = JSON.parse(readFileSync(process.env.NOTICE ?? new URL('../../../policy/papers/notices/sharing-1.json', import.meta.url)))
export const notice = { id: text.id, version: text.version, texts: Object.fromEntries(Object.entries(text.texts).map(([l, b]) => [l, { ...b, hash: 'sha256:' + l }])) }

const invitations = new Map([['open', 'open'], ['old', 'lapsed'], ['said-no', 'refused'], ['said-yes', 'given']].map(([k, state]) => [k, {
  kind: 'new', state, expires: iso(Date.now() + 14 * day), purpose: 'public_safety', account: 'new', rest_days: 90, notice, proposal: asked,
  asked_by: { name: '普文', name_en: 'Pu Wen', unit: '菱角乡人民政府', unit_en: 'Township government' },
  camera: { id: 'door-17', name: '李家门口', name_en: "Li family's door", legal_class: 'resident', mount: 'own_premises', sign: true,
    place: [{ kind: 'building', name: '12号院', name_en: 'House 12' }, { kind: 'grid', name: '第三网格', name_en: 'Grid 3' }, { kind: 'community', name: '东村', name_en: 'East village' }] },
  controllers: [{ name: '菱角乡人民政府', name_en: 'Township government', role: 'controller', contact: '0874-1234567' }],
}]))

/** Forty cameras of a shop's owner, with their consents. */
export function fortyOf(view) {
  return Array.from({ length: 40 }, (_, i) => {
    const state = i % 13 === 5 ? 'withdrawn' : i % 9 === 4 ? 'paused' : 'given'
    return {
      camera: view(i, state),
      consents: [{ id: `c-shop-${i}`, version: 1, purpose: 'public_safety', state, modes: ['live', 'playback'], audiences: i % 3 ? ['dispatch-centre'] : ['dispatch-centre', 'neighbour-cell-7'], slots: i % 2 ? week(6, 22) : week(0, 24),
        recording: 'events', retention_days: 7, not_before: iso(Date.now() - 300 * day), not_after: iso(Date.now() + (i % 7 ? 65 : 12) * day), history: [], masks: [], asked: { ...asked, slots: week(0, 24) } }],
    }
  })
}

const told = []

/** Routes for the stand-in: consentOf finds a record by its id. */
export function joinRoutes({ json, problem, read, consentOf, signIn }) {
  const change = (c, terms) => Object.assign(c, terms, { version: c.version + 1 })
  return [
    ['GET', /^\/api\/join\/([^/]+)$/, (req, res, lang, me, m) => (invitations.has(m[1]) ? json(res, invitations.get(m[1])) : problem(res, 404, 'not_found'))],
    ['POST', /^\/api\/join\/([^/]+)\/answer$/, async (req, res, lang, me, m) => {
      const b = await read(req)
      const inv = invitations.get(m[1])
      inv.state = b.answer === 'refuse' ? 'refused' : 'given'
      if (b.answer === 'refuse') return json(res, { state: 'refused', rest_until: iso(Date.now() + 90 * day) })
      signIn(res)
      json(res, { state: 'given', login: b.login, receipt: 'r-join' })
    }],
    ['GET', /^\/api\/notices$/, (_, res) => json(res, { notices: [notice] })],
    ['PUT', /^\/api\/my\/consents\/([^/]+)\/terms$/, async (req, res, lang, me, m) => json(res, { consent: change(consentOf(m[1]), await read(req)), receipt: 'r-terms' })],
    ['POST', /^\/api\/my\/terms$/, async (req, res) => {
      const b = await read(req)
      b.consents.forEach((id) => change(consentOf(id), b.terms))
      json(res, { changed: b.consents.length, results: b.consents.map((id) => ({ id, receipt: 'r-' + id })) })
    }],
    ['POST', /^\/api\/my\/consents\/([^/]+)\/renew$/, async (req, res, lang, me, m) => json(res, { consent: change(consentOf(m[1]), { state: 'renewed', not_after: iso(Date.now() + 365 * day) }), receipt: 'r-renew' })],
    ['GET', /^\/api\/my\/complaints$/, (_, res) => json(res, { complaints: told, to: '菱角乡纪委' })],
    ['POST', /^\/api\/my\/complaints$/, async (req, res) => {
      const b = await read(req)
      told.unshift({ id: `W-20261128-${told.length}`, at: iso(Date.now()), by: 'resident:li', ...b, camera: 'camera:' + b.camera })
      json(res, told[0])
    }],
  ]
}
