import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SearchResult } from '../src/evidence/api'
import type { Camera, Invitation, Look, Looks, Me, MyCamera, Place } from '../src/api/types'
import type { People } from '../src/people/api'
import type { Ruled, Sheet } from '../src/rules/api'
import { days } from '../src/my/week/week'

/**
 * What the service answers to the pages that are compared as pictures: its own
 * shapes (the types are of its description), names and times that never change.
 */
export const now = new Date('2026-11-26T02:30:00Z')
const week = (from: number, to: number) => days.flatMap((d) => Array.from({ length: to - from }, (_, h) => `${d}-${String(h + from).padStart(2, '0')}`))
const me = (principal: string, name: string, type: Me['type'], face: Me['face'], roles: string[]): Me =>
  ({ principal, name, type, face, roles, language: 'zh-CN', zone: 'Asia/Shanghai', must_change_password: false })

const camera = (id: string, name: string, place: string, over: Partial<Camera> = {}) => ({
  id, name, place, position: { lat: 25.7, lon: 103.83 }, aim: { heading_deg: 135, fov_deg: 80, range_m: 15 }, quarantined: false, legal_class: 'public',
  link: { state: 'live', since: '2026-11-25T00:00:00Z', codec: 'h264', width: 640, height: 360, fps: 10, bitrate: 215_000, clock_offset_ms: 0, clock_uncertainty_ms: 5, last_unit: now.toISOString() },
  analysis: { policy: 'track', degraded: false }, sharing: { state: 'given' }, live: { decision: 'allow', reasons: ['department_filing'], text: '本单位的登记范围。', obligations: [] }, ...over,
}) as Camera
const own = (id: string, name: string, state: 'given' | 'paused') => ({
  camera: camera(id, name, 'house-12', { legal_class: 'resident', sharing: { state }, live: { decision: 'allow', reasons: ['own_camera'], text: '这是您自己的摄像头。', obligations: [] } }),
  consents: [{
    id: 'c-' + id, version: 1, purpose: 'public_safety', state, modes: ['live', 'playback', 'incident'], audiences: ['dispatch-centre'], slots: week(6, 22),
    limits: { clip_min: 60, lookback_days: 7, looks_per_day: 50 }, min_obligations: ['mask', 'blur_people', 'watermark', 'notify_owner'], retention_days: 7, recording: 'events',
    not_before: '2026-10-28T00:00:00Z', not_after: '2027-10-28T00:00:00Z', history: [{ time: '2026-10-28T00:00:00Z', type: 'give', state: 'given', by: 'resident:li' }], masks: [],
  }],
  masks: [[[0.86, 0], [1, 0], [1, 0.42], [0.86, 0.42]]],
}) as MyCamera

const look = (index: number, hours: number, over: Partial<Look>): Look => ({
  at: new Date(now.getTime() - hours * 3_600_000).toISOString(), to: new Date(now.getTime() - hours * 3_600_000 + 192_000).toISOString(), person: '陈静', unit: '综合执法队', action: 'view_live',
  purpose: 'public_safety', case_type: 'burglary', obligations: ['mask', 'blur_people', 'watermark'], index, bytes_out: 2_400_000, exported: false, own: false, proof: { salt: '', entry: '' }, ...over,
})

const notice = JSON.parse(readFileSync(join(import.meta.dirname, '../../../policy/papers/notices/sharing-1.json'), 'utf8')) as Pick<Invitation['notice'], 'id' | 'version' | 'texts'>
const invitation: Invitation = {
  kind: 'new', state: 'open', expires: '2026-12-10T02:00:00Z', purpose: 'public_safety', account: 'new', rest_days: 90, notice,
  asked_by: { name: '普文', name_en: 'Pu Wen', unit: '菱角乡人民政府', unit_en: 'Township government' },
  camera: { id: 'door-17', name: '李家门口', name_en: "Li family's door", legal_class: 'resident', mount: 'own_premises', sign: true, place: [{ kind: 'building', name: '12号院', name_en: 'House 12' }, { kind: 'grid', name: '第三网格', name_en: 'Grid 3' }] },
  controllers: [{ name: '菱角乡人民政府', name_en: 'Township government', role: 'controller', contact: '0874-1234567' }],
  proposal: {
    slots: week(6, 23), modes: ['live', 'incident', 'playback'], area_scope: 'township', recording: 'events', retention_days: 14, months: 12, audiences: [{ id: 'dispatch-centre' }],
    limits: { clip_min: 60, lookback_days: 7, looks_per_day: 20 }, min_obligations: ['mask', 'blur_people', 'watermark', 'notify_owner'],
  },
}

const places: Place[] = [
  { id: 'grid-3', kind: 'grid', parent: '', name: '第三网格', name_en: 'Grid 3' }, { id: 'house-12', kind: 'building', parent: 'grid-3', name: '12号院', name_en: 'House 12' }, { id: 'market', kind: 'community', parent: '', name: '集市街', name_en: 'Market street' },
]
const cameras = [camera('gate-east', '东入口', 'market'), camera('market-2', '集市二号', 'market'), camera('door-17', '李家门口', 'house-12', { legal_class: 'resident' })]
const steps = 96
const nothing: SearchResult = {
  events: [], more: false, step_s: 900, zone: 'Asia/Shanghai',
  cameras: [
    { id: 'gate-east', name: '东入口', place: 'market', searched: true, activity: Array<number>(steps).fill(0), recorded: Array.from({ length: steps }, (_, i) => (i % 40 < 30 ? 1 : 0)), recorded_s: 64_800, erased_s: 0 },
    { id: 'door-17', name: '李家门口', place: 'house-12', searched: false, reasons: ['no_case'], text: '先填写案件或附近的警情，再看画面。', recorded_s: 0, erased_s: 0 },
  ],
}
const signIn = (login: string, over = {}) => [{ login, disabled: false, must_change: false, second_factor: true, language: '', ...over }]
const people: People = {
  audiences: ['dispatch-centre'], overseers: 1, units: [{ id: 'enforcement-team', name: '综合执法队', name_en: 'Enforcement team' }],
  people: [
    { id: 'admin:ops', type: 'administrator', name: '运维', name_en: 'Operations', sign_ins: signIn('ops') },
    { id: 'officer:chen', type: 'officer', name: '陈静', name_en: 'Chen Jing', unit: 'enforcement-team', roles: ['dispatcher'], jurisdiction: 'market', on_duty: true, sign_ins: signIn('chen', { second_factor: false }) },
    { id: 'officer:wang', type: 'officer', name: '王磊', name_en: 'Wang Lei', unit: 'enforcement-team', roles: ['investigator'], jurisdiction: 'market', on_duty: false, sign_ins: signIn('wang', { disabled: true }) },
    { id: 'resident:li', type: 'resident', name: '李秀兰', name_en: 'Li Xiulan', home: 'house-12', sign_ins: signIn('li', { must_change: true }) },
  ],
}
const rules: Sheet = {
  camera: 'gate-east', name: '东入口', revision: '1',
  rules: [
    { name: '河边', kind: 'intrusion', zone: [[0.1, 0.55], [0.45, 0.5], [0.5, 0.9], [0.12, 0.92]], seconds: 3 },
    { name: '进门', kind: 'line_crossing', line: [[0.6, 0.3], [0.85, 0.75]], direction: 'left' },
  ],
}
const ruled: Ruled[] = cameras.map((c, i) => ({ camera: c.id, name: c.name, place: c.place, rules: i === 0 ? 2 : 0 }))

/** Who may be signed in, by name. */
export const visitors = {
  nobody: undefined,
  li: me('resident:li', '李秀兰', 'resident', 'consent', []),
  wang: me('officer:wang', '王磊', 'officer', 'evidence', ['investigator']),
  ops: me('admin:ops', '运维', 'administrator', 'system', []),
}
const looks: Looks = { deferred: 0, sealed: [], deferrals: [], looks: [look(812, 2, {}), look(640, 26, { person: '王磊', action: 'playback', case_type: 'theft', approved: '普文' }), look(512, 50, { own: true, person: '李秀兰', unit: undefined, case_type: undefined, purpose: 'own', obligations: [] })] }

/** The answers, by path; of these paths only GET and the search are asked. */
export const answers: Record<string, unknown> = {
  '/api/my/cameras': { cameras: [own('door-17', '李家门口', 'given'), own('lane-3', '李家巷口', 'paused')] },
  '/api/my/cameras/door-17/looks': looks,
  '/api/my/mail': { available: false, looks: 'off' },
  '/api/session/ways': {},
  '/api/my/cells': { cells: [] },
  '/api/my/complaints': { complaints: [] },
  '/api/join/open': invitation,
  '/api/places': { places },
  '/api/cameras': { cameras },
  '/api/cases': { cases: [] },
  '/api/evidence/search': nothing,
  '/api/people': people,
  '/api/proposals': { proposals: [] },
  '/api/approvals': { approvals: [] },
  '/api/rules': { cameras: ruled },
  '/api/rules/gate-east': rules,
}
