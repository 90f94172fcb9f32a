import type { Page } from '@playwright/test'
import type { Button, Call, Camera, Event, Incident, IncidentReport, Layout, Link, Mark, Me, Place, WallBody } from '../src/api/types'
import { allKinds } from '../src/wall/layout'
import type { TileKind } from '../src/wall/tileState'

/**
 * A township for the wall's pictures: a tile in every state there is, an
 * incident, a call for help and events, at a moment that does not pass. The
 * cameras are drawn in the page and come to its video elements as media streams,
 * so that no codec and no service has a say in what the pictures show.
 */
export const moment = new Date('2026-11-26T12:30:00Z')
const ago = (s: number) => new Date(moment.getTime() - s * 1000).toISOString()
type Language = 'zh-CN' | 'en'
type Words = [zh: string, en: string]
const said = (w: Words, l: Language) => w[l === 'en' ? 1 : 0]

const people: Record<'chen' | 'screen', Me> = {
  chen: { principal: 'officer:chen', name: '陈静', type: 'officer', face: 'wall', roles: ['dispatcher'], language: '', zone: 'Asia/Shanghai', must_change_password: false },
  screen: { principal: 'kiosk:left', name: '左屏', type: 'kiosk', face: 'wall', roles: [], language: '', zone: 'Asia/Shanghai', must_change_password: false },
}
const box = (lat: number, lon: number, h: number, w: number) => [[lat, lon], [lat, lon + w], [lat + h, lon + w], [lat + h, lon]]
const places: Place[] = [
  { id: 'town', kind: 'township', parent: '', name: '菱角乡', name_en: 'Lingjiao', outline: box(25.696, 103.825, 0.009, 0.012) },
  { id: 'village', kind: 'community', parent: 'town', name: '东村社区', name_en: 'East Village', outline: box(25.697, 103.826, 0.007, 0.006) },
  { id: 'market', kind: 'community', parent: 'town', name: '集市街社区', name_en: 'Market Street', outline: box(25.697, 103.8325, 0.007, 0.004) },
  { id: 'grid-3', kind: 'grid', parent: 'village', name: '第三网格', name_en: 'Grid 3', outline: box(25.6975, 103.8265, 0.0028, 0.005) },
  { id: 'grid-4', kind: 'grid', parent: 'village', name: '第四网格', name_en: 'Grid 4', outline: box(25.7008, 103.8265, 0.0028, 0.005) },
]

/** What the service answers to the offer for a camera. */
type Answer = 'picture' | 'still' | 'masked' | 'never' | 'camera_stalled' | 'overloaded' | 'audit_unavailable' | 'internal'
interface Made {
  id: string
  name: Words
  place: string
  answer?: Answer
  link?: Partial<Link>
  deny?: string
  over?: Partial<Camera>
}
const down = (code: string, state: Link['state'] = 'backoff'): Partial<Link> => ({ state, code, last_unit: ago(42 * 60), since: ago(41 * 60) })
const resident = { legal_class: 'resident' }

/** The cameras in the states in which they can be; whoever fills a wall adds ordinary ones. */
const states: Made[] = [
  { id: 'gate-east', name: ['集市东口', 'Market, east gate'], place: 'market' },
  { id: 'gate-west', name: ['集市西口', 'Market, west gate'], place: 'market', over: { analysis: { policy: 'presence', degraded: true } } },
  { id: 'square', name: ['文化广场舞台东侧（菱角乡综合文化站）', 'Culture square, east side of the stage (township culture station)'], place: 'grid-3', answer: 'masked' },
  { id: 'bridge', name: ['桥头', 'Bridge'], place: 'grid-3' },
  { id: 'frozen', name: ['水库路', 'Reservoir road'], place: 'grid-3', answer: 'still' },
  { id: 'off', name: ['卫生院后门', 'Clinic, back door'], place: 'grid-4', answer: 'camera_stalled', link: down('camera_unreachable') },
  { id: 'password', name: ['小学操场', 'School yard'], place: 'grid-4', answer: 'camera_stalled', link: down('camera_wrong_password', 'refused') },
  { id: 'door-17', name: ['李家门口', "Li family's door"], place: 'grid-3', deny: 'no_ground', over: resident },
  { id: 'door-18', name: ['高家门口', "Gao family's door"], place: 'grid-3', deny: 'outside_slot', over: resident },
  { id: 'door-19', name: ['赵家院子', "Zhao family's yard"], place: 'grid-3', deny: 'consent_paused', over: { ...resident, sharing: { state: 'paused', until: ago(-3600) } } },
  { id: 'shop-20', name: ['孙家铺子', "Sun's shop"], place: 'market', deny: 'consent_withdrawn', over: { ...resident, sharing: { state: 'withdrawn' } } },
  { id: 'busy', name: ['学校门口', 'School gate'], place: 'grid-4', answer: 'overloaded' },
  { id: 'unlogged', name: ['粮站', 'Grain depot'], place: 'grid-4', answer: 'audit_unavailable' },
  { id: 'poison', name: ['停车场', 'Car park'], place: 'market', deny: 'camera_quarantined', over: { quarantined: true } },
  { id: 'far', name: ['邻镇路口', "Next township's crossing"], place: 'market', deny: 'outside_jurisdiction' },
  { id: 'slow', name: ['农机站', 'Machine station'], place: 'grid-4', answer: 'never' },
  { id: 'broken', name: ['敬老院', 'Old people’s home'], place: 'grid-4', answer: 'internal' },
]
/** What each of these tiles says in the end. */
export const kinds: Record<string, TileKind> = {
  'gate-east': 'live', square: 'live', frozen: 'frozen', off: 'no_signal', password: 'no_signal', 'door-17': 'needs_reason', 'door-18': 'outside_hours', 'door-19': 'paused', 'shop-20': 'withdrawn',
  busy: 'overloaded', unlogged: 'unavailable', poison: 'quarantined', far: 'denied', slow: 'connecting', broken: 'unavailable',
}
const ordinary = (n: number): Made[] => Array.from({ length: n }, (_, i) => ({ id: `more-${i}`, name: [`路口 ${i + 1} 号`, `Crossing ${i + 1}`], place: ['grid-3', 'grid-4', 'market'][i % 3]!, answer: i % 4 === 1 ? 'masked' : 'picture' }))

function camera(m: Made, i: number, l: Language, reasons: (reason: string, l: Language) => string): Camera {
  return {
    id: m.id, name: said(m.name, l), place: m.place, position: { lat: 25.6978 + Math.floor(i / 6) * 0.0011, lon: 103.8267 + (i % 6) * 0.0017 }, aim: { heading_deg: (i * 57) % 360, fov_deg: 70, range_m: 45 },
    quarantined: false, view_waiting: false, legal_class: 'public', analysis: { policy: 'track', degraded: false }, sharing: { state: 'given' },
    link: { state: 'live', since: ago(90_000), codec: 'h264', width: 640, height: 360, fps: 5, clock_offset_ms: 0, clock_uncertainty_ms: 5, last_unit: ago(0), ...m.link },
    live: m.deny
      ? { decision: 'deny', reasons: [m.deny], obligations: [], text: reasons(m.deny, l) }
      : { decision: 'allow', reasons: ['department_filing'], text: '', obligations: m.answer === 'masked' ? ['mask', 'blur_people', 'blur_plates', 'watermark'] : ['blur_people', 'watermark'] },
    ...m.over,
  }
}

function events(l: Language): Event[] {
  const of = (id: string, made: string, kind: string, from: number, lasted: number | undefined, over: Partial<Event> = {}): Event => {
    const m = states.find((c) => c.id === made)!
    return {
      id, camera: made, camera_name: said(m.name, l), kind, phase: lasted === undefined ? 'begin' : 'end', start: ago(from), peak: ago(from - 1), score: 0.9, box: [0.35, 0.4, 0.1, 0.3],
      ...(lasted === undefined ? {} : { end: ago(from - lasted) }), ...over,
    }
  }
  return [
    of('e-9', 'square', 'intrusion', 14, undefined, { zone: '河边' }), of('e-8', 'gate-east', 'person', 22, undefined), of('e-7', 'gate-west', 'vehicle', 41, 9, { clip: 'k-7' }), of('e-6', 'gate-west', 'vehicle', 75, 12),
    of('e-5', 'bridge', 'loitering', 6 * 60, 95, { clip: 'k-5' }), of('e-4', 'off', 'camera_offline', 42 * 60, 0), of('e-3', 'square', 'crowd', 55 * 60, 400, { clip: 'k-3' }),
    of('e-2', 'door-18', 'person', 3 * 3600, 8, { verdict: 'seen' }), of('e-1', 'bridge', 'animal', 4 * 3600, 30, { verdict: 'false_alarm' }),
  ]
}

const calls = (l: Language): Call[] => [{
  id: 'call-1', button: 'li-bedside', household: said(['李秀兰（独居，82 岁）', 'Li Xiulan (lives alone, 82)'], l), phone: '138 0000 1234', place: 'grid-3', position: { lat: 25.6986, lon: 103.8281 }, battery: 15,
  first: ago(38), last: ago(12), received: ago(37), presses: 3, state: 'open', via: 'hook',
}]
const incident = (l: Language): Incident => ({ id: 'inc-1', type: 'burglary', title: said(['来电称听到玻璃破碎', 'caller hears glass breaking'], l), position: { lat: 25.6978, lon: 103.8301 }, radius_m: 150, open: true, from: ago(260), to: ago(-640) })
function report(l: Language, reasons: (reason: string, l: Language) => string): IncidentReport {
  const near = (id: string, distance_m: number, reason = '') => ({ camera: id, name: said(states.find((s) => s.id === id)!.name, l), distance_m, shown: reason === '', text: reason ? reasons(reason, l) : '' })
  return {
    ...incident(l), cause: 'report', opened_by: { id: 'officer:chen', name: '陈静' }, looks: [{ camera: 'bridge', camera_name: said(states[3]!.name, l), by: { id: 'officer:chen', name: '陈静' }, from: ago(200) }],
    nearby: [near('bridge', 24), near('square', 61), near('door-17', 88, 'incident_does_not_count'), near('door-19', 97, 'consent_paused')],
  }
}
const buttons = (l: Language): Button[] => [{ id: 'gao', household: said(['高大爷', 'Gao'], l), place: 'grid-3', position: { lat: 25.698, lon: 103.827 }, battery: 8, late: false, low: true, heard: ago(300) }]
const marks: Mark[] = [{ event: 'e-5', camera: 'bridge', at: ago(300), by: 'officer:chen', assigned_to: 'officer:liu', assignee: { id: 'officer:liu', name: '刘洋' } }]

/** What a picture of the wall shows. */
export interface WallOf {
  language: Language
  theme?: WallBody['theme']
  show?: WallBody['show']
  who?: keyof typeof people
  /** Cameras in all; the first are one of each state unless `calm`. 25 unless told. */
  tiles?: number
  calm?: boolean
  /** Whether there is a call for help, an incident and events. */
  busy?: boolean
  /** The service answers the page and then no more. */
  away?: boolean
}

/** Answers every request of the wall's page, and draws its cameras. */
export async function wallWorld(page: Page, origin: string, w: WallOf, reasons: (reason: string, l: Language) => string): Promise<string[]> {
  const l = w.language
  const made = (w.calm ? ordinary(w.tiles ?? 25) : [...states, ...ordinary(40)]).slice(0, w.tiles ?? 25)
  const wall: WallBody = { name: said(['左屏', 'Left screen'], l), tiles: made.map((m) => m.id), only: false, per_page: 40, rotate_s: 0, dwell_s: 12, lift: 2, priority: [...allKinds], show: w.show ?? 'tiles', feed: true, theme: w.theme ?? 'night', sound: true }
  const layout: Layout = { id: 'left', mine: true, name: wall.name, shared: true, wall }
  const answers: Record<string, unknown> = {
    '/api/session': people[w.who ?? 'chen'], '/api/places': { places }, '/api/cameras': { cameras: made.map((m, i) => camera(m, i, l, reasons)) }, '/api/events': { events: w.busy ? events(l) : [] },
    '/api/incidents': { incidents: w.busy ? [incident(l)] : [] }, '/api/incidents/inc-1': report(l, reasons), '/api/wall/calls': { calls: w.busy ? calls(l) : [] }, '/api/wall/buttons': { buttons: w.busy ? buttons(l) : [] },
    '/api/wall/marks': { marks: w.busy ? marks : [] }, '/api/wall/layouts': { layouts: [layout] }, '/api/live/clocks': { now: moment.toISOString(), clocks: [] }, '/api/cases': { cases: [] }, '/api/wall/people': { people: [] },
  }
  const unknown: string[] = []
  let asked = 0
  await page.addInitScript(drawnCameras)
  await page.route(origin + '/api/**', (route) => {
    const path = new URL(route.request().url()).pathname
    if (path === '/api/events/stream') return asked++ === 0 && w.away ? route.fulfill({ contentType: 'text/event-stream', body: ': hello\n\n' }) : route.abort()
    const offer = /^\/api\/cameras\/([^/]+)\/(whep|live\.mp4)$/.exec(path)
    if (offer) {
      const m = made.find((c) => c.id === offer[1])
      const answer = m?.answer ?? 'picture'
      if (w.away) return route.abort()
      if (answer === 'never') return undefined
      if (!['picture', 'still', 'masked'].includes(answer)) return route.fulfill({ status: 503, contentType: 'application/problem+json', json: { status: 503, code: answer } })
      return route.fulfill({ status: 201, headers: { Location: '/api/live/t-' + offer[1], 'X-Shouwang-Obligations': answer === 'masked' ? 'mask blur_people blur_plates watermark' : 'blur_people watermark' }, body: JSON.stringify({ scene: made.indexOf(m!), answer }) })
    }
    if (path.startsWith('/api/live/t-')) return route.fulfill({ status: 204 })
    if (!(path in answers)) unknown.push(path)
    return route.fulfill(path in answers ? { json: answers[path] } : { status: 404, json: { status: 404, code: 'not_found' } })
  })
  return unknown
}

/** Runs in the page: a peer connection whose other side is a drawing of a street. */
function drawnCameras() {
  function draw(g: CanvasRenderingContext2D, scene: number, masked: boolean) {
    const [w, h] = [640, 360]
    const at = (k: number) => ((scene * 7919 + k * 104729) % 997) / 997
    g.fillStyle = `hsl(${200 + at(1) * 30} 25% ${62 - at(2) * 30}%)`
    g.fillRect(0, 0, w, h)
    for (let i = 0; i < 7; i++) {
      const top = 60 + at(i + 5) * 90
      g.fillStyle = `hsl(${20 + at(i + 9) * 25} ${15 + at(i) * 20}% ${28 + at(i + 3) * 30}%)`
      g.fillRect(i * 95 - 20, top, 88, h - top)
      g.fillStyle = 'rgb(20 24 28 / 70%)'
      for (let k = 0; k < 4; k++) g.fillRect(i * 95 - 8 + (k % 2) * 38, top + 18 + Math.floor(k / 2) * 40, 22, 24)
    }
    g.fillStyle = `hsl(60 5% ${24 + at(4) * 18}%)`
    g.beginPath()
    g.moveTo(0, h)
    g.lineTo(w * (0.35 + at(6) * 0.1), h * 0.55)
    g.lineTo(w * (0.6 + at(7) * 0.1), h * 0.55)
    g.lineTo(w, h)
    g.fill()
    // Somebody walks, as a viewing copy shows them: in blocks.
    for (let x = 0; x < 3; x++) for (let y = 0; y < 6; y++) {
      g.fillStyle = `hsl(${at(x + y) * 360} 18% ${30 + at(x * 5 + y) * 30}%)`
      g.fillRect(w * (0.35 + at(8) * 0.3) + x * 12, h * 0.52 + y * 14, 12, 14)
    }
    if (masked) {
      g.fillStyle = '#5a6066'
      g.fillRect(w * 0.72, 0, w * 0.28, h * 0.45)
    }
    g.font = '13px monospace'
    g.fillStyle = 'rgb(255 255 255 / 70%)'
    g.fillText('officer:chen 20:30:00', 8, h - 8)
  }
  class Peer extends EventTarget {
    connectionState = 'new'
    iceGatheringState = 'complete'
    localDescription: unknown
    onconnectionstatechange: (() => void) | null = null
    ontrack: ((e: unknown) => void) | null = null
    timer = 0
    addTransceiver() {}
    async createOffer() {
      return { type: 'offer', sdp: 'v=0' }
    }
    async setLocalDescription(d: unknown) {
      this.localDescription = d
    }
    async setRemoteDescription(d: { sdp: string }) {
      const { scene, answer } = JSON.parse(d.sdp) as { scene: number; answer: string }
      const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
      const g = canvas.getContext('2d')!
      const stream = canvas.captureStream(5)
      // Until it is told so, the one that will stand still moves as well.
      this.timer = window.setInterval(() => (answer !== 'still' || !Reflect.get(window, 'stilled')) && draw(g, scene, answer === 'masked'), 200)
      this.ontrack?.({ track: stream.getVideoTracks()[0], receiver: {} })
      setTimeout(() => {
        this.connectionState = 'connected'
        this.onconnectionstatechange?.()
      })
    }
    async getStats() {
      return new Map()
    }
    close() {
      clearInterval(this.timer)
    }
  }
  Object.assign(window, { RTCPeerConnection: Peer })
  // A drawing has no way here that could be measured.
  const real = HTMLVideoElement.prototype.requestVideoFrameCallback
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (f) {
    return real.call(this, (t, meta) => f(t, { ...meta, receiveTime: meta.expectedDisplayTime - 180 }))
  }
}
