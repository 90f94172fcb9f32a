// Measures a wall of many live tiles against the real service: how old each
// picture is when it is shown, whether a tile starves, how long all of them take
// to come back after the service was killed, and whether memory stays flat over
// many such cycles. Prints JSON; exits 1 where a goal is missed.
//
//   node e2e/many.mjs [--tiles 25] [--seconds 60] [--cycles 12] [--minutes 0] [--port 26100] [--size 320x180] [--fps 5]
//
// --minutes 60 keeps the wall running that long after the cycles and judges each
// minute the same way. It needs bin/shouwang, bin/shouwang-analyzer, ffmpeg and
// Chromium.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from '@playwright/test'

const arg = (name, otherwise) => {
  const i = process.argv.indexOf('--' + name)
  return i < 0 ? otherwise : process.argv[i + 1]
}
const tiles = Number(arg('tiles', 25))
const seconds = Number(arg('seconds', 60))
const cycles = Number(arg('cycles', 12))
const minutes = Number(arg('minutes', 0))
const port = Number(arg('port', 26100))
const size = arg('size', '320x180')
const fps = Number(arg('fps', 5))
const root = resolve(import.meta.dirname, '../../..')
const bin = join(root, 'bin', 'shouwang')
const dir = mkdtempSync(join(tmpdir(), 'shouwang-many-'))
const http = `127.0.0.1:${port}`
const say = (...words) => console.error('many:', ...words)
const children = new Set()

function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', process.env.LOUD ? 'inherit' : 'ignore'], ...options })
  children.add(child)
  child.on('exit', () => children.delete(child))
  return child
}

function run(program, args) {
  const done = spawnSync(program, args, { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr}`)
  return done.stdout
}

function township() {
  const cameras = Array.from({ length: tiles }, (_, i) => `  - {id: cam-${i}, name: 摄像头${i + 1}, place: grid-1, position: [${25.7 + (i % 5) * 0.0006}, ${103.83 + Math.floor(i / 5) * 0.0006}], aim: {heading_deg: ${(i * 57) % 360}, fov_deg: 70, range_m: 40}, legal_class: public, mount: public, owner: "unit:township", sign: true, sources: [{kind: main, push: true}]}`)
  return `timezone: Asia/Shanghai
purposes: [public_safety]
audiences: [dispatch-centre]
places:
  - {id: town, kind: township, parent: "", name: 镇}
  - {id: grid-1, kind: grid, parent: town, name: 第一网格}
units: [{id: township, name: 镇政府, kind: department}]
people:
  - {id: "officer:chen", type: officer, name: 陈静, unit: township, roles: [dispatcher], audiences: [dispatch-centre], jurisdiction: town, home_grid: "-", on_duty: true}
cameras:
${cameras.join('\n')}
`
}

async function service() {
  const began = Date.now()
  const child = start(bin, ['serve', '--config', join(dir, 'config.yaml'), '--data', join(dir, 'data'), '--http', http, '--rtsp', `127.0.0.1:${port + 1}`, '--log', process.env.TRACE ? 'debug' : 'error'], process.env.TRACE ? { stdio: ['ignore', 'ignore', openSync(process.env.TRACE + '.serve', 'a')] } : {})
  for (const end = Date.now() + 240_000; ; await sleep(100)) {
    if (await fetch(`http://${http}/readyz`).then((r) => r.ok, () => false)) {
      say('service ready after', Date.now() - began, 'ms')
      return child
    }
    if (Date.now() > end) throw new Error('the service did not become ready')
  }
}

/** Whether somebody listens there. */
const listening = (at) => new Promise((done) => {
  const socket = connect(at, '127.0.0.1', () => {
    done(true)
    socket.destroy()
  })
  socket.on('error', () => done(false))
})

/**
 * Plays the clip to the camera's push address for ever, as a camera would: again
 * when the service is away. It knocks before it starts a program to push with:
 * 25 programs a second that find nobody would be most of what is measured.
 */
function camera(id, token, clip) {
  const again = async () => {
    while (!stopping && !(await listening(port + 1))) await sleep(700)
    if (stopping) return
    const child = start('ffmpeg', ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', clip, '-an', '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://camera:${token}@127.0.0.1:${port + 1}/push/${id}`])
    child.on('exit', () => !stopping && setTimeout(again, 700))
  }
  void again()
}
let stopping = false

const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))]

async function signIn(page, password) {
  await page.goto(`http://${http}/sign-in`)
  await page.fill('input[name=name]', 'chen')
  await page.fill('input[name=password]', password)
  await page.click('form button.main:not(.small)')
  await page.waitForURL('**/password')
  await page.fill('input[name=old]', password)
  for (const name of ['new', 'again']) await page.fill(`input[name=${name}]`, 'eine-Wand-mit-25-Bildern')
  await page.click('form button.main:not(.small)')
  await page.waitForURL('**/wall')
}

const live = (page) => page.locator('.tile[data-state=live]').count()
async function allLive(page, within) {
  const began = Date.now()
  while ((await live(page)) < tiles) {
    if (Date.now() - began > within) return Infinity
    await sleep(100)
  }
  return Date.now() - began
}

/** Looks at every tile each second: its delay, its pictures, and whether one that shows none says so. */
async function watch(page, howLong) {
  const delays = []
  const counted = []
  let dishonest = 0
  const frames = () => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.tile')].map((t) => [t.dataset.camera, t.querySelector('video').getVideoPlaybackQuality().totalVideoFrames])))
  let before = await frames()
  const shown = Object.fromEntries(Object.keys(before).map((id) => [id, 0]))
  const silent = {}
  for (let i = 0; i < howLong; i++) {
    await sleep(1000)
    const now = await frames()
    const seen = await page.evaluate(() => [...document.querySelectorAll('.tile')].map((t) => ({ camera: t.dataset.camera, state: t.dataset.state, delay: Number(t.dataset.delay) })))
    for (const t of seen) {
      // A view that began anew counts from nought again.
      const more = now[t.camera] < before[t.camera] ? now[t.camera] : now[t.camera] - before[t.camera]
      shown[t.camera] += more
      silent[t.camera] = more > 0 ? 0 : (silent[t.camera] ?? 0) + 1
      // A tile may need its two seconds to notice.
      if (t.state === 'live' && silent[t.camera] > 3) dishonest++
      if (t.state === 'live' && t.delay > 0) delays.push(t.delay)
    }
    before = now
  }
  for (const n of Object.values(shown)) counted.push(n / howLong)
  return {
    delay_p50_ms: percentile(delays, 0.5), delay_p95_ms: percentile(delays, 0.95), delay_max_ms: Math.max(...delays), samples: delays.length,
    fps_least: Math.min(...counted), fps_median: percentile(counted, 0.5), stale_pictures_called_live: dishonest,
  }
}

async function heap(cdp) {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name) => metrics.find((m) => m.name === name)?.value
  return { mb: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

/** Notes in the page what each tile goes through. */
function tracing() {
  const marks = (window.__marks = [])
  const mark = (...w) => marks.push([Date.now(), ...w])
  const real = window.fetch
  window.fetch = async (...a) => {
    const url = String(a[0].url ?? a[0])
    mark('ask', a[1]?.method ?? 'GET', url)
    try {
      const r = await real(...a)
      mark('answer', r.status, url)
      return r
    } catch (err) {
      mark('fail', String(err), url)
      throw err
    }
  }
  let n = 0
  const PC = window.RTCPeerConnection
  window.RTCPeerConnection = class extends PC {
    constructor(...a) {
      super(...a)
      const id = n++
      mark('pc', id, 'new')
      this.addEventListener('connectionstatechange', () => mark('pc', id, this.connectionState))
      let told = ''
      const ask = setInterval(async () => {
        if (this.connectionState === 'closed') return clearInterval(ask)
        if (this.connectionState !== 'connected') return
        for (const s of (await this.getStats()).values()) {
          if (s.type !== 'inbound-rtp') continue
          const now = [s.packetsReceived, s.framesReceived, s.keyFramesDecoded, s.framesDecoded, s.pliCount, s.nackCount].join('/')
          if (s.framesDecoded < 4 && now !== told) mark('pc', id, now)
          told = now
        }
      }, 250)
    }
  }
  const seen = new Map()
  setInterval(() => {
    for (const t of document.querySelectorAll('.tile')) {
      if (seen.get(t.dataset.camera) === t.dataset.state) continue
      seen.set(t.dataset.camera, t.dataset.state)
      mark('tile', t.dataset.camera, t.dataset.state)
    }
  }, 50)
}

async function main() {
  writeFileSync(join(dir, 'town.yaml'), township())
  writeFileSync(join(dir, 'config.yaml'), `web: {media_udp: "127.0.0.1:${port + 2}", media_tcp: "127.0.0.1:${port + 2}"}\nstorage: {min_free: 268435456}\n`)
  const clip = join(dir, 'clip.mp4')
  run('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}`, '-t', '40', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'baseline', '-g', String(2 * fps), '-b:v', '150k', clip])
  const imported = run(bin, ['place', 'import', join(dir, 'town.yaml'), '--data', join(dir, 'data')])
  const password = imported.match(/first password of chen .*: (\S+)/)[1]
  let server = await service()
  for (const m of imported.matchAll(/publish token of camera (\S+): (\S+)/g)) camera(m[1], m[2], clip)
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] })
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' })
  if (process.env.TRACE) await page.addInitScript(tracing)
  await signIn(page, password)
  const result = { tiles, size, fps, cpus: (await import('node:os')).cpus().length, load_before: (await import('node:os')).loadavg()[0] }
  result.first_all_live_ms = await allLive(page, 240_000)
  say('all live after', result.first_all_live_ms, 'ms')
  await sleep(20_000) // the veils learn their scenes
  Object.assign(result, await watch(page, seconds))
  result.load = (await import('node:os')).loadavg()[0]
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT })
  say(JSON.stringify(result))

  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  result.ready_ms = []
  result.back_ms = []
  result.heap = []
  for (let i = 0; i < cycles; i++) {
    server.kill('SIGKILL')
    await sleep(1500)
    const started = Date.now()
    server = await service()
    const ready = Date.now()
    result.ready_ms.push(ready - started)
    const took = await allLive(page, 120_000)
    result.back_ms.push(took === Infinity ? -1 : Date.now() - ready)
    for (const key of ['v', 'v', 'v', '?', 'Escape', 'l', 'Escape']) await page.keyboard.press(key)
    await sleep(3000)
    result.heap.push(await heap(cdp))
    if (process.env.TRACE) {
      const marks = await page.evaluate(() => window.__marks.splice(0))
      writeFileSync(process.env.TRACE + '.' + i, marks.filter((m) => m[0] > ready - 6000).map((m) => [m[0] - ready, ...m.slice(1)].join(' ')).join('\n'))
    }
    say('cycle', i + 1, 'back after', result.back_ms.at(-1), 'ms, heap', result.heap.at(-1).mb.toFixed(1), 'MB', result.heap.at(-1).nodes, 'nodes')
  }
  if (minutes) result.hour = []
  for (let i = 0; i < minutes; i++) {
    const minute = await watch(page, 57)
    result.hour.push(minute)
    result.heap.push(await heap(cdp))
    say('minute', i + 1, 'heap', result.heap.at(-1).mb.toFixed(1), 'MB, live', await live(page), 'delay p95', minute.delay_p95_ms, 'ms, stale called live', minute.stale_pictures_called_live)
  }
  await browser.close()
  return result
}

let code = 0
try {
  const r = await main()
  console.log(JSON.stringify(r, null, 1))
  const third = Math.ceil(r.heap.length / 3)
  const mean = (list) => list.reduce((sum, h) => sum + h.mb, 0) / Math.max(1, list.length)
  const grew = r.heap.length > 5 ? mean(r.heap.slice(-third)) / mean(r.heap.slice(third, 2 * third)) : 1
  const missed = [
    !(r.delay_p95_ms < 1000) && 'delay p95 under 1 s', [r, ...(r.hour ?? [])].some((w) => w.stale_pictures_called_live > 0) && 'no stale picture called live',
    r.fps_least < r.fps_median / 2 && 'no tile starves another', r.back_ms.some((ms) => ms < 0 || ms > 10_000) && 'all back within 10 s', grew > 1.1 && 'memory flat within 10 %',
  ].filter(Boolean)
  say('memory, last third to the third before:', grew.toFixed(3), missed.length ? 'MISSED: ' + missed.join('; ') : 'all goals met')
  code = missed.length ? 1 : 0
} catch (err) {
  say(err.stack ?? err)
  code = 2
} finally {
  stopping = true
  for (const child of children) child.kill('SIGKILL')
  await sleep(300)
  rmSync(dir, { recursive: true, force: true })
}
process.exit(code)
