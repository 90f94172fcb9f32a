// A stand-in for the service, to work on the pages without cameras: the API's
// shapes, server-sent events, and live.mp4 and clips made by ffmpeg's test
// pictures. It answers 501 to WHEP, so that the fall-back is seen. It serves
// dist under the same content security policy as the service.
// It speaks HTTP/2 over TLS, since a browser opens only six connections to a
// host without it and each live.mp4 takes one.
// Run: npm run build && npm run mock, then open https://127.0.0.1:8086
import { spawn, spawnSync } from 'node:child_process'
import { createReadStream, existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { asked, fortyOf, joinRoutes } from './mock-join.mjs'

const port = Number(process.env.PORT ?? 8086)
const dist = new URL('../dist/', import.meta.url).pathname
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const minute = 60_000
const iso = (ms) => new Date(ms).toISOString()

const people = {
  chen: { principal: 'officer:chen', name: '陈警官', type: 'officer', roles: ['dispatcher'], face: 'wall' },
  wang: { principal: 'officer:wang', name: '王警官', type: 'officer', roles: ['investigator'], face: 'evidence' },
  li: { principal: 'resident:li', name: '李阿姨', type: 'resident', roles: [], face: 'consent' },
  shop: { principal: 'resident:shop', name: '孙老板', type: 'resident', roles: [], face: 'consent' },
  ops: { principal: 'admin:ops', name: '运维', type: 'administrator', roles: [], face: 'system' },
  wall1: { principal: 'kiosk:wall-1', name: '一号大屏', type: 'kiosk', roles: [], face: 'wall' },
  first: { principal: 'officer:new', name: '新同事', type: 'officer', roles: ['dispatcher'], face: 'wall', must_change_password: true },
}
const places = [
  { id: 'grid-3', kind: 'grid', parent: '', name: '东村三网格', name_en: 'East Village, grid 3' },
  { id: 'market', kind: 'community', parent: '', name: '集市街', name_en: 'Market Street' },
  { id: 'house-12', kind: 'building', parent: 'grid-3', name: '东村 12 号', name_en: '12 East Village' },
]
const live = (extra = {}) => ({ state: 'live', since: iso(Date.now() - 3_600_000), codec: 'h264', width: 640, height: 360, fps: 10, bitrate: 512_000, clock_offset_ms: 120, clock_uncertainty_ms: 8, last_unit: iso(Date.now()), ...extra })
const camera = (id, name, en, place, over = {}) => ({
  id, names: { 'zh-CN': name, en }, place, position: { lat: 25.7, lon: 103.8 + Math.abs(hash(id)) / 1e5 }, legal_class: 'public', link: live(),
  analysis: { policy: 'full', degraded: false }, sharing: { state: 'given' },
  live: { decision: 'allow', reasons: ['department_filing'], obligations: ['mask', 'blur_people', 'blur_plates', 'watermark'] }, ...over,
})
function hash(s) {
  return [...s].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 9973, 7)
}
const deny = (...reasons) => ({ decision: 'deny', reasons, obligations: [] })
const cameras = [
  camera('market-1', '集市东口', 'Market, east gate', 'market'),
  camera('market-2', '集市西口', 'Market, west gate', 'market', { analysis: { policy: 'presence', degraded: true } }),
  camera('square-1', '文化广场', 'Culture square', 'grid-3'),
  camera('stall-1', '桥头', 'Bridge', 'grid-3', { stallAfter: 6 }),
  camera('off-1', '水库路', 'Reservoir road', 'grid-3', { link: live({ state: 'backoff', code: 'camera_unreachable', last_unit: iso(Date.now() - 42 * minute), since: iso(Date.now() - 41 * minute) }) }),
  camera('door-17', '李家门口', "Li's door", 'house-12', { legal_class: 'resident', live: deny('no_ground') }),
  camera('door-18', '高家门口', "Gao's door", 'house-12', { legal_class: 'resident', live: deny('outside_slot'), sharing: { state: 'given', reason: 'outside_slot' } }),
  camera('door-19', '赵家院子', "Zhao's yard", 'house-12', { legal_class: 'resident', live: deny('consent_paused'), sharing: { state: 'paused', until: iso(Date.now() + 3_600_000) } }),
  camera('door-20', '孙家铺子', "Sun's shop", 'market', { legal_class: 'resident', live: deny('consent_withdrawn'), sharing: { state: 'withdrawn' } }),
  camera('busy-1', '学校门口', 'School gate', 'grid-3', { overloaded: true }),
  camera('far-1', '邻镇路口', "Next township's crossing", 'market', { live: deny('outside_jurisdiction') }),
  camera('park-1', '停车场', 'Car park', 'market'),
]
for (let i = cameras.length; i < Number(process.env.CAMERAS ?? 12); i++) cameras.push(camera(`more-${i}`, `路口 ${i}`, `Crossing ${i}`, 'market'))
const texts = JSON.parse(readFileSync(new URL('../../../policy/texts.json', import.meta.url)))
const say = (reason, lang) => texts[reason]?.officer?.[lang] ?? reason

const workSlots = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].flatMap((d) => Array.from({ length: 17 }, (_, h) => `${d}-${String(h + 6).padStart(2, '0')}`))
const consent = {
  id: 'c-17', version: 3, purpose: 'public_safety', state: 'given', modes: ['live', 'playback', 'export', 'incident'], audiences: ['dispatch-centre'],
  slots: workSlots, retention_days: 7, not_before: iso(Date.now() - 9e9), not_after: iso(Date.now() + Number(process.env.DAYS_LEFT ?? 100) * 864e5), history: [{ time: iso(Date.now() - 9e9), type: 'give', state: 'given', by: 'resident:li' }],
  recording: 'events', masks: [[[0.7, 0.1], [0.95, 0.12], [0.93, 0.4], [0.72, 0.38]]], incident: asked.incident, asked,
}
let seq = 100
const events = []
const incidents = []
const cases = [{ id: 'case-2026-114', type: 'burglary', title: '东村入室盗窃', open: true, members: ['officer:chen'] }]
const listeners = new Set()
const viewers = new Map()

function publish(topic, body) {
  const frame = `event: ${topic}\nid: ${++seq}\ndata: ${JSON.stringify(body)}\n\n`
  for (const l of listeners) l.write(frame)
}
function happen(cameraId, kind, ago, lasted, clip) {
  const start = Date.now() - ago
  const e = { id: `e-${++seq}`, camera: cameraId, kind, phase: lasted ? 'end' : 'begin', start: iso(start), peak: iso(start + 1000), score: 0.8, box: [0.3, 0.3, 0.2, 0.3] }
  if (lasted) e.end = iso(start + lasted)
  if (clip) e.clip = `clip-${e.id}`
  events.unshift(e)
  return e
}
happen('market-1', 'vehicle', 50 * minute, 22_000, true)
happen('square-1', 'person', 18 * minute, 45_000, true)
happen('off-1', 'camera_offline', 42 * minute, 0)
happen('market-2', 'loitering', 6 * minute, 95_000, true)
setInterval(() => {
  const e = happen('square-1', 'person', 0, 0)
  publish('event', e)
  setTimeout(() => {
    Object.assign(e, { phase: 'end', end: iso(Date.now()), clip: `clip-${e.id}` })
    publish('event', e)
  }, 8000)
}, Number(process.env.EVENT_EVERY ?? 20_000)).unref()
setInterval(() => listeners.forEach((l) => l.write(': \n\n')), 10_000).unref()

const work = mkdtempSync(join(tmpdir(), 'shouwang-mock-'))
const clipFile = join(work, 'clip.mp4')
spawnSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10', '-t', '20', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-movflags', '+faststart', clipFile])
// One encoder for all tiles: a fragmented MP4 may be joined at any fragment
// after its initial segment.
const encoder = spawn('ffmpeg', ['-v', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=10', '-c:v', 'libx264', '-profile:v', 'baseline', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '10', '-pix_fmt', 'yuv420p', '-f', 'mp4', '-movflags', 'empty_moov+default_base_moof+frag_keyframe', '-frag_duration', '500000', 'pipe:1'], { stdio: ['ignore', 'pipe', 'inherit'] })
let rest = Buffer.alloc(0)
let init = Buffer.alloc(0)
let fragment = Buffer.alloc(0)
encoder.stdout.on('data', (d) => {
  rest = Buffer.concat([rest, d])
  while (rest.length >= 8 && rest.length >= rest.readUInt32BE(0)) {
    const box = rest.subarray(0, rest.readUInt32BE(0))
    rest = rest.subarray(box.length)
    const type = box.toString('latin1', 4, 8)
    if (type === 'ftyp' || type === 'moov') init = Buffer.concat([init, box])
    else if (type === 'moof') fragment = box
    else if (type === 'mdat') for (const v of viewers.values()) v.send(Buffer.concat([fragment, box]))
  }
})
process.on('exit', () => encoder.kill())
process.on('SIGINT', () => process.exit(0))
process.on('SIGTERM', () => process.exit(0))

const sessions = new Map()
const read = (req) => new Promise((r) => {
  let s = ''
  req.on('data', (d) => (s += d))
  req.on('end', () => r(s.startsWith('{') ? JSON.parse(s) : {}))
})
const langOf = (req) => (/^en/i.test(req.headers['accept-language'] ?? '') ? 'en' : 'zh-CN')
function json(res, body, status = 200) {
  res.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', 'Cache-Control': 'no-store' })
  res.end(JSON.stringify(body))
}
const forty = fortyOf((i, state) => ({ ...camera(`shop-${i}`, `店铺 ${i + 1} 号`, `Shop ${i + 1}`, 'market', { legal_class: 'premises', sharing: { state } }), name: `店铺 ${i + 1} 号` }))
const problem = (res, status, code, more = {}) => json(res, { status, code, title: code, detail: code, ...more }, status)
const denied = (res, lang, ...reasons) => problem(res, 403, 'denied', { reasons, text: say(reasons[0], lang) })
const isOpen = (i) => Date.parse(i.to) > Date.now()

function view(c, lang) {
  const { names, stallAfter, overloaded, ...rest } = c
  const open = incidents.find(isOpen)
  let l = c.live
  if (open && l.reasons[0] === 'no_ground' && consent.state === 'given') l = { decision: 'allow', reasons: ['incident'], obligations: ['mask', 'blur_people', 'watermark'], incident: open.id }
  return { ...rest, name: names[lang], live: { ...l, text: say(l.reasons[0], lang) } }
}
const shown = (e, lang) => ({ ...e, camera_name: cameras.find((c) => c.id === e.camera).names[lang] })
function clipOf(id, lang) {
  const e = events.find((x) => `clip-${x.id}` === id)
  if (!e) return undefined
  const from = Date.parse(e.start) - 5000
  return {
    id, camera: e.camera, camera_name: shown(e, lang).camera_name, from: iso(from), to: iso(from + 20_000), duration_s: 20, event: e.id, bytes: 1e6, reason: 'event',
    gaps: [{ from: iso(from + 12_000), to: iso(from + 14_000), cause: 'packet_loss' }], playable: false, reason_text: say('no_case', lang),
  }
}
const failing = () => process.env.FAIL === '1'

const routes = [
  ['POST', /^\/api\/session$/, async (req, res, lang) => {
    const { name, password } = await read(req)
    if (name === 'many') return void (res.setHeader('Retry-After', '42'), problem(res, 429, 'rate_limited'))
    const me = people[name]
    if (!me || password !== 'shouwang-demo') return problem(res, 401, 'unauthenticated')
    const token = `${name}-${++seq}`
    sessions.set(token, { ...me })
    res.setHeader('Set-Cookie', `shouwang=${token}; Path=/; HttpOnly; SameSite=Strict`)
    json(res, { ...me, language: lang })
  }],
  ['GET', /^\/api\/places$/, (_, res) => json(res, { places })],
  ['GET', /^\/api\/cameras$/, (_, res, lang) => (failing() ? problem(res, 503, 'storage_unavailable') : json(res, { cameras: cameras.map((c) => view(c, lang)) }))],
  ['POST', /^\/api\/cameras\/([^/]+)\/whep$/, (_, res) => problem(res, 501, 'internal')],
  ['GET', /^\/api\/cameras\/([^/]+)\/live\.mp4$/, (req, res, lang, me, m) => {
    const c = cameras.find((x) => x.id === m[1])
    const v = view(c, lang).live
    if (c.link.state !== 'live') return problem(res, 503, 'camera_stalled')
    if (c.overloaded) return problem(res, 503, 'overloaded')
    if (v.decision !== 'allow' && me.type !== 'resident') return denied(res, lang, ...v.reasons)
    const ticket = `t-${++seq}`
    const until = c.stallAfter ? Date.now() + c.stallAfter * 1000 : Infinity
    res.writeHead(200, { 'Content-Type': 'video/mp4', 'X-Shouwang-Ticket': ticket, 'X-Shouwang-Mime': 'video/mp4; codecs="avc1.42c01e"' })
    res.write(init)
    viewers.set(ticket, { camera: c.id, viewer: me.principal, res, send: (b) => Date.now() < until && res.write(b) })
    res.on('close', () => viewers.delete(ticket))
  }],
  ['GET', /^\/api\/cameras\/([^/]+)\/timeline$/, (req, res, lang, me, m) => {
    const c = cameras.find((x) => x.id === m[1])
    if (c.live.reasons[0] === 'outside_jurisdiction') return denied(res, lang, 'outside_jurisdiction')
    const now = Date.now()
    json(res, { segments: c.legal_class === 'public' ? [{ from: iso(now - 8e7), to: iso(now) }] : [], gaps: c.id === 'off-1' ? [{ from: iso(now - 42 * minute), to: iso(now), cause: 'camera_offline' }] : [], events: [] })
  }],
  ['GET', /^\/api\/events\/stream$/, (req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    res.write(': hello\n\n')
    listeners.add(res)
    res.on('close', () => listeners.delete(res))
  }],
  ['GET', /^\/api\/events$/, (_, res, lang) => json(res, { events: events.map((e) => shown(e, lang)) })],
  ['POST', /^\/api\/events\/([^/]+)\/verdict$/, async (req, res, lang, me, m) => {
    const e = events.find((x) => x.id === m[1])
    e.verdict = (await read(req)).verdict
    json(res, shown(e, lang))
  }],
  ['GET', /^\/api\/clips$/, (req, res, lang) => {
    const id = new URL(req.url, 'http://x').searchParams.get('event')
    json(res, { clips: [clipOf(`clip-${id}`, lang)].filter(Boolean) })
  }],
  ['GET', /^\/api\/clips\/([^/]+)$/, (req, res, lang, me, m) => {
    const c = clipOf(m[1], lang)
    if (c) json(res, c)
    else problem(res, 404, 'not_found')
  }],
  ['GET', /^\/api\/clips\/([^/]+)\/media\.mp4$/, (req, res, lang, me) => {
    const q = new URL(req.url, 'http://x').searchParams
    if (!q.get('case') && me.type !== 'resident') return denied(res, lang, 'no_case', 'mode_not_agreed')
    const size = statSync(clipFile).size
    const r = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? '')
    const [a, b] = r ? [Number(r[1]), r[2] ? Number(r[2]) : size - 1] : [0, size - 1]
    res.writeHead(r ? 206 : 200, { 'Content-Type': 'video/mp4', 'Accept-Ranges': 'bytes', 'Content-Length': b - a + 1, ...(r ? { 'Content-Range': `bytes ${a}-${b}/${size}` } : {}) })
    createReadStream(clipFile, { start: a, end: b }).pipe(res)
  }],
  ['GET', /^\/api\/incidents$/, (_, res) => json(res, { incidents: incidents.map((i) => ({ ...i, open: isOpen(i) })) })],
  ['POST', /^\/api\/incidents$/, async (req, res) => {
    const b = await read(req)
    const i = { id: `inc-${++seq}`, type: b.type, title: b.text, position: cameras.find((c) => c.id === b.camera).position, from: iso(Date.now()), to: iso(Date.now() + b.minutes * minute) }
    incidents.push(i)
    json(res, { ...i, open: true })
  }],
  ['POST', /^\/api\/incidents\/([^/]+)\/close$/, (req, res, lang, me, m) => {
    const i = incidents.find((x) => x.id === m[1])
    i.to = iso(Date.now())
    endViews('door-17', 'no_ground')
    json(res, { ...i, open: false })
  }],
  ['GET', /^\/api\/cases$/, (_, res) => json(res, { cases })],
  ['POST', /^\/api\/cases$/, async (req, res) => {
    const c = { id: `case-${++seq}`, open: true, members: [], ...(await read(req)) }
    cases.push(c)
    json(res, c)
  }],
  ['GET', /^\/api\/my\/cameras$/, (_, res, lang, me) => (failing() ? problem(res, 503, 'storage_unavailable') : json(res, { cameras: me.principal === 'resident:shop' ? forty : process.env.EMPTY ? [] : [{ camera: view(cameras[5], lang), consents: [consent], masks: [] }] }))],
  ...joinRoutes({ json, problem, read, consentOf: (id) => (id === consent.id ? consent : forty.map((m) => m.consents[0]).find((c) => c.id === id)), signIn: (res) => {
    sessions.set('joined', { ...people.li })
    res.setHeader('Set-Cookie', 'shouwang=joined; Path=/; HttpOnly; SameSite=Strict')
  } }),
  ['GET', /^\/api\/my\/consents\/([^/]+)\/preview$/, (req, res) => {
    const action = new URL(req.url, 'http://x').searchParams.get('action')
    const uses = ['analysis', 'live', 'playback', 'export', 'incident', 'recording']
    const gives = action === 'give'
    json(res, { action, stops: gives ? [] : uses, starts: gives ? uses : [], live_viewers: gives ? 0 : 1, clips: action === 'withdraw' ? 12 : 0, erased_bytes: action === 'withdraw' ? 48_000_000 : 0,
      held: action === 'withdraw' ? [{ case: 'case-2026-114', until: iso(Date.now() + 30 * 864e5), reason: 'burglary' }] : [] })
  }],
  ['POST', /^\/api\/my\/consents\/([^/]+)\/(pause|resume|give|withdraw)$/, async (req, res, lang, me, m) => {
    const b = await read(req)
    const state = { pause: 'paused', resume: 'given', give: 'given', withdraw: 'withdrawn' }[m[2]]
    const target = m[1] === consent.id ? consent : forty.map((x) => x.consents[0]).find((c) => c.id === m[1])
    Object.assign(target, { state, version: target.version + 1, pause_until: m[2] === 'pause' ? (b.until ?? iso(Date.now() + b.hours * 3_600_000)) : undefined })
    cameras[5].live = state === 'given' ? deny('no_ground') : deny(state === 'paused' ? 'consent_paused' : 'consent_withdrawn')
    cameras[5].sharing = { state }
    publish('consent', { camera: 'door-17', state })
    if (state !== 'given') endViews('door-17', cameras[5].live.reasons[0])
    json(res, { consent, receipt: { id: `r-${consent.version}`, at: iso(Date.now()), camera: 'camera:door-17', consent: `c-17@${consent.version}`, state, keys_destroyed: 3, erased_bytes: 48e6, erased_clips: 12 } })
  }],
  ['GET', /^\/api\/my\/cameras\/([^/]+)\/looks$/, (_, res) => json(res, { deferred: 0, looks: process.env.EMPTY ? [] : [
    { at: iso(Date.now() - 26 * 60 * minute), to: iso(Date.now() - 26 * 60 * minute + 192_000), person: '陈警官', unit: '执法队', action: 'view_live', purpose: 'public_safety', case_type: 'burglary', obligations: ['mask', 'blur_people', 'watermark'], index: 812 },
    { at: iso(Date.now() - 3 * 24 * 60 * minute), to: iso(Date.now() - 3 * 24 * 60 * minute + 64_000), person: '王警官', unit: '执法队', action: 'playback', purpose: 'public_safety', case_type: 'theft', obligations: ['mask', 'blur_people'], index: 640 },
    { at: iso(Date.now() - 4 * 24 * 60 * minute), to: iso(Date.now() - 4 * 24 * 60 * minute + 20_000), person: '李阿姨', action: 'view_live', purpose: 'own', obligations: [], index: 512, own: true },
  ] })],
  ['GET', /^\/api\/my\/receipts\/([^/]+)$/, (req, res, lang, me, m) => json(res, { id: m[1], at: iso(Date.now()), camera: 'camera:door-17', consent: `c-17@${consent.version}`, state: consent.state, keys_destroyed: 3, erased_bytes: 48e6, erased_clips: 12, signature: 'ed25519:…' })],
  ['GET', /^\/api\/system$/, (_, res, lang) => json(res, { now: iso(Date.now()), policy_set: 'sha256:2f1c', views: viewers.size, renderings: 4, copy_bytes: 1_200_000, cameras: cameras.map((c) => view(c, lang)),
    parts: { storage: { bytes_used: 73e9, bytes_free: 410e9, segments_waiting: 0 }, analyze: { workers: 2, queue: 3, shed: 0 }, keys: { provider: 'file', days: 31 } } })],
  ['DELETE', /^\/api\/live\/([^/]+)$/, (_, res) => (res.writeHead(204), res.end())],
]

function endViews(cameraId, reason) {
  for (const [ticket, v] of viewers) {
    if (v.camera !== cameraId) continue
    v.res.end()
    viewers.delete(ticket)
    publish('ticket', { camera: cameraId, viewer: v.viewer, ticket, reason })
  }
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
function file(req, res) {
  const path = normalize(new URL(req.url, 'http://x').pathname)
  const found = join(dist, path)
  const whole = path !== '/' && existsSync(found) ? found : join(dist, 'index.html')
  res.writeHead(200, { 'Content-Type': types[extname(whole)] ?? 'application/octet-stream', 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff' })
  createReadStream(whole).pipe(res)
}

const [key, cert] = ['key.pem', 'cert.pem'].map((f) => join(work, f))
spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '7', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'])
createSecureServer({ key: readFileSync(key), cert: readFileSync(cert), allowHTTP1: true }, async (req, res) => {
  const path = new URL(req.url, 'http://x').pathname
  if (!path.startsWith('/api/')) return file(req, res)
  const token = /shouwang=([^;]+)/.exec(req.headers.cookie ?? '')?.[1]
  const me = sessions.get(token)
  const lang = langOf(req)
  if (path === '/api/session' && req.method === 'GET') return me ? json(res, { ...me, language: lang }) : problem(res, 401, 'unauthenticated')
  if (path === '/api/session' && req.method === 'DELETE') return void (sessions.delete(token), res.writeHead(204), res.end())
  if (path === '/api/session/password') return void (me && (me.must_change_password = false), json(res, me))
  if (!me && !path.startsWith('/api/join/') && !(path === '/api/session' && req.method === 'POST')) return problem(res, 401, 'unauthenticated')
  for (const [method, pattern, handler] of routes) {
    const m = pattern.exec(path)
    if (m && method === req.method) return handler(req, res, lang, me, m)
  }
  problem(res, 404, 'not_found')
}).listen(port, '127.0.0.1', () => console.log(`https://127.0.0.1:${port}  people: ${Object.keys(people).join(', ')}  password: shouwang-demo`))
