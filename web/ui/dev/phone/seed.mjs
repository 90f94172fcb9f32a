// A whole service with what the phone's pages show: consents, recordings, looks,
// a complaint, a change on paper, an invitation. It runs bin/shouwang in a folder
// of its own and films nothing but a painted box that walks by.
// Used by ../lighthouse/run.mjs and look.mjs.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { town } from './town.mjs'

const root = resolve(import.meta.dirname, '../../../..')
const binary = join(process.env.SHOUWANG_BIN ?? join(root, 'bin'), 'shouwang')
const password = 'ein-eigenes-Passwort-9'
const filmedMs = 20_000
const later = (ms) => new Promise((r) => setTimeout(r, ms))

function configuration(dir) {
  const file = join(dir, 'shouwang.yaml')
  const at = (name) => process.env[name] ?? '127.0.0.1:0'
  writeFileSync(file, `ingest:
  push: ${at('PUSH')}
  allow: [127.0.0.0/8]
analyze:
  workers: 1
  binary: ${join(root, 'bin', 'shouwang-analyzer')}
storage:
  min_free: 67108864
web:
  http: ${at('HTTP')}
  media_udp: ${at('MEDIA')}
  media_tcp: ${at('MEDIA')}
notices:
  public_url: https://shouwang.example
  mail: {server: "127.0.0.1:9", tls: none, from: shouwang@town.example}
`)
  return file
}

/** Imports the township and returns what only the import tells: first passwords and publish tokens. */
function imported(config, data) {
  const { status, stdout, stderr } = spawnSync(binary, ['place', 'import', '--config', config, '--data', data, '-'], { input: town(), encoding: 'utf8' })
  if (status !== 0) throw new Error(`place import: ${stderr || stdout || 'run make build first'}`)
  const all = (pattern) => Object.fromEntries([...stdout.matchAll(pattern)].map((m) => [m[1], m[2]]))
  return { passwords: all(/first password of (\S+) \(\S+\): (\S+)/g), tokens: all(/publish token of camera (\S+): (\S+)/g) }
}

/** Starts the service; resolves with its addresses once it is ready. */
async function served(config, data) {
  const child = spawn(binary, ['serve', '--config', config, '--data', data])
  let said = ''
  const hear = (piece) => void (said += piece)
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  for (let i = 0; i < 600; i++) {
    const m = /msg=ready pages=(\S+) push=(\S+)/.exec(said)
    if (m && (await fetch(m[1] + '/readyz').catch(() => undefined))?.ok) return { child, base: m[1], push: m[2] }
    if (child.exitCode !== null) break
    await later(100)
  }
  child.kill()
  throw new Error('the service does not get ready:\n' + said.slice(-2000))
}

/** Somebody signed in: what they ask the service, and their cookie. */
async function person(base, name, first) {
  let cookie = ''
  async function ask(method, path, body) {
    const res = await fetch(base + path, { method, headers: { 'Content-Type': 'application/json', Cookie: cookie }, ...(body && { body: JSON.stringify(body) }) })
    cookie = res.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ') || cookie
    if (!res.ok) throw new Error(`${method} ${path} as ${name}: ${res.status} ${await res.text()}`)
    const text = await res.text()
    return text ? JSON.parse(text) : undefined
  }
  const me = await ask('POST', '/api/session', { name, password: first })
  if (me.must_change_password) await ask('POST', '/api/session/password', { old: first, new: password })
  return { ask, cookie: () => cookie }
}

/** Films somebody who walks by, for some cameras until it is stopped. It is encoded once: a busy machine has no time to. */
function films(dir, push, tokens, cameras) {
  const host = push.replace(/^rtsp:\/\//, '')
  const film = join(dir, 'film.mp4')
  const walker = "[0][1]overlay=x='-60+60*max(0,t-5)':y=190"
  const encoding = ['-f', 'lavfi', '-i', 'smptebars=size=640x360:rate=10:duration=24', '-f', 'lavfi', '-i', 'color=c=0x203040:size=50x110:rate=10:duration=24', '-filter_complex', walker,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-bf', '0', '-pix_fmt', 'yuv420p', film]
  const { status, stderr, error } = spawnSync('ffmpeg', ['-y', '-loglevel', 'error', ...encoding], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ffmpeg: ${stderr || error?.message}`)
  return cameras.map((id) => spawn('ffmpeg', ['-loglevel', 'error', '-re', '-stream_loop', '-1', '-i', film, '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://${id}:${tokens[id]}@${host}/push/${id}`], { stdio: 'ignore' }))
}

async function until(what, yes) {
  for (let i = 0; i < 300; i++) {
    if (await yes().catch(() => false)) return
    await later(200)
  }
  throw new Error('waited a minute in vain for ' + what)
}

/** A look of a moment, as it comes into the log. */
async function looked(base, officer, camera, incident) {
  const stop = new AbortController()
  const res = await fetch(`${base}/api/cameras/${camera}/live.mp4?transport=mse&incident=${incident}`, { headers: { Cookie: officer.cookie() }, signal: stop.signal })
  if (!res.ok) throw new Error(`look: ${res.status} ${await res.text()}`)
  await res.body.getReader().read()
  stop.abort()
}

/** What happened in the township before anybody opens a page. */
async function lived(dir, { base, push }, tokens, who, keepFilming) {
  const [li, chen, hu] = [who.li, who.chen, who.hu]
  const { path } = await hu.ask('POST', '/api/invitations', { camera: 'door-open', channel: 'visit' })
  const filming = films(dir, push, tokens, ['door-17', 'gate-21'])
  const stop = () => filming.forEach((f) => f.kill())
  try {
    await until('pictures', async () => (await chen.ask('GET', '/api/cameras/door-17')).link?.width > 0)
    const incident = await chen.ask('POST', '/api/incidents', { type: 'fire', camera: 'door-17', text: '冒烟', minutes: 10 })
    for (let i = 0; i < 4; i++) await looked(base, chen, 'door-17', incident.id)
    await later(filmedMs)
    await until('a recording', async () => (await li.ask('GET', '/api/clips?camera=door-17')).clips?.length > 0).catch((err) => console.log(`${err.message}: the page of recordings is empty`))
    if (!keepFilming) stop()
    const consent = (await li.ask('GET', '/api/my/cameras')).cameras.find((m) => m.camera.id === 'door-17').consents[0].id
    await li.ask('POST', `/api/my/consents/${consent}/pause`, { hours: 1 })
    await li.ask('POST', `/api/my/consents/${consent}/resume`, {})
    const { looks } = await li.ask('GET', '/api/my/cameras/door-17/looks')
    await li.ask('POST', '/api/my/complaints', { camera: 'door-17', text: '当时没有火灾，为什么看？', look: looks[0].index })
  } catch (err) {
    stop()
    throw err
  }
  return { invitation: path, stop }
}

/**
 * Starts and fills the service. Returns its address, people by sign-in name (ask,
 * cookie), the invitation's path, and how to stop it; with `film` cameras go on filming.
 */
export async function seed({ film = false } = {}) {
  const dir = mkdtempSync(join(process.env.SEED ?? tmpdir(), 'shouwang-phone-'))
  const [config, data] = [configuration(dir), join(dir, 'data')]
  const { passwords, tokens } = imported(config, data)
  const service = await served(config, data)
  let life
  const clear = () => {
    life?.stop()
    service.child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  // However this program ends, nothing of it stays.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  process.once('exit', clear)
  const stop = async () => {
    life?.stop()
    const gone = service.child.exitCode === null && new Promise((r) => service.child.once('exit', r))
    service.child.kill('SIGTERM')
    await gone
    process.off('exit', clear)
    rmSync(dir, { recursive: true, force: true })
  }
  try {
    const who = {}
    for (const name of ['li', 'gao', 'chen', 'hu', 'audit', 'ops']) who[name] = await person(service.base, name, passwords[name])
    life = await lived(dir, service, tokens, who, film)
    return { base: service.base, who, password, invitation: life.invitation, stop, child: service.child, config, data }
  } catch (err) {
    await stop()
    throw err
  }
}
