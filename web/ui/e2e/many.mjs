// Measures a wall of many live tiles against the real service: how old each
// picture is when it is shown, whether a tile starves, how long all of them take
// to come back after the service was killed, and whether memory stays flat over
// many such cycles. Prints JSON and one table; exits 1 where a goal is missed.
//
//   node e2e/many.mjs [--tiles 25] [--seconds 60] [--cycles 12] [--minutes 0] [--port 26100] [--size 320x180] [--fps 5] [--walks 0] [--snapshots 3,13]
//
// --minutes 60 keeps the wall running that long after the cycles and judges each
// minute the same way. --walks 3 shows a still scene through which somebody goes
// so often a minute, before every camera, in place of one that moves all the time.
// --snapshots 3,13 keeps what the page holds after those minutes as
// /tmp/many-3.heapsnapshot (SNAPSHOTS=/tmp/many-), for dev/heap.mjs. TRACE=/tmp/t keeps for each cycle what every tile went
// through (/tmp/t.0, ms from when the service was ready) and the service's own
// log (/tmp/t.serve). It needs bin/shouwang, bin/shouwang-analyzer, ffmpeg and
// Chromium.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
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
const walks = Number(arg('walks', 0))
const snapshots = String(arg('snapshots', '')).split(',').filter(Boolean).map(Number)
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
    if (child.exitCode !== null) throw new Error('the service ended by itself: LOUD=1 shows what it says')
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

/** What the cameras see: test pictures that never rest, or a still scene that somebody crosses in five seconds, so often a minute. */
function scene() {
  if (!walks) return ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}`]
  const [w, h] = size.split('x').map(Number)
  const since = `mod(t\\,${60 / walks})`
  const x = `if(lt(${since}\\,5)\\,W*${since}/5-${w >> 4}\\,-W)`
  return ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=${fps}:duration=0.1,loop=-1:1,setpts=N/${fps}/TB[scene];color=white:size=${w >> 4}x${h >> 2}:rate=${fps}[walker];[scene][walker]overlay=x=${x}:y=H/2`]
}

const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))] ?? NaN

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

/**
 * Looks at every tile each second: its delay, its pictures, and whether one that
 * shows none says so. A stream counts as dropped when a tile had no new picture
 * for three seconds, and as shown as dropped unless the tile then still says that
 * it is live: it may need its two seconds to notice.
 */
async function watch(page, howLong) {
  const delays = []
  const live = []
  let [dropped, notShown] = [0, 0]
  const look = () => page.evaluate(() => [...document.querySelectorAll('.tile')].map((t) => ({
    camera: t.dataset.camera, state: t.dataset.state, delay: Number(t.dataset.delay), frames: t.querySelector('video').getVideoPlaybackQuality().totalVideoFrames,
  })))
  const of = new Map((await look()).map((t) => [t.camera, { before: t.frames, shown: 0, silent: 0, told: false }]))
  for (let i = 0; i < howLong; i++) {
    await sleep(1000)
    const seen = await look()
    live.push(seen.filter((t) => t.state === 'live').length)
    for (const t of seen) {
      const tile = of.get(t.camera) ?? of.set(t.camera, { before: 0, shown: 0, silent: 0, told: false }).get(t.camera)
      // A view that began anew counts from nought again.
      const more = t.frames < tile.before ? t.frames : t.frames - tile.before
      tile.before = t.frames
      tile.shown += more
      tile.silent = more > 0 ? 0 : tile.silent + 1
      if (more > 0) tile.told = false
      if (tile.silent === 3) dropped++
      if (tile.silent > 3 && t.state === 'live' && !tile.told) {
        tile.told = true
        notShown++
      }
      if (t.state === 'live' && t.delay > 0) delays.push(t.delay)
    }
  }
  const rates = [...of.values()].map((t) => t.shown / howLong)
  const median = percentile(rates, 0.5)
  return {
    live_least: Math.min(...live), live_end: Math.max(...live.slice(-5)), delay_p50_ms: percentile(delays, 0.5), delay_p95_ms: percentile(delays, 0.95), delay_max_ms: percentile(delays, 1), samples: delays.length,
    fps_least: Math.min(...rates), fps_median: median, starved: rates.filter((r) => r < median / 2).length, dropped, stale_pictures_called_live: notShown, load: loadavg()[0],
  }
}

/**
 * What the page holds once everything is gone that can go: the least of four
 * readings, each asked for in one breath with the collection before it, since 25
 * tiles make new rubbish while a busy machine takes its time to answer.
 */
async function heap(cdp) {
  let least
  for (let i = 0; i < 4; i++) {
    const [, { metrics }] = await Promise.all([cdp.send('HeapProfiler.collectGarbage'), cdp.send('Performance.getMetrics')])
    const of = (name) => metrics.find((m) => m.name === name)?.value
    const read = { mb: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') }
    if (!least || read.mb < least.mb) least = read
  }
  return least
}

async function snapshot(cdp, path) {
  const to = openSync(path, 'w')
  const chunk = (m) => writeSync(to, m.chunk)
  cdp.on('HeapProfiler.addHeapSnapshotChunk', chunk)
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  cdp.off('HeapProfiler.addHeapSnapshotChunk', chunk)
  closeSync(to)
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
      const born = Date.now()
      const ask = setInterval(async () => {
        if (this.connectionState === 'closed') return clearInterval(ask)
        if (this.connectionState !== 'connected') return
        for (const s of (await this.getStats()).values()) {
          if (s.type !== 'inbound-rtp') continue
          const now = [s.packetsReceived, s.framesReceived, s.keyFramesDecoded, s.framesDecoded, s.framesDropped, s.pliCount, s.nackCount].join('/')
          if ((s.framesDecoded < 4 || Date.now() - born < 25000) && now !== told) mark('pc', id, now)
          told = now
        }
      }, 250)
    }
  }
  const seen = new Map()
  setInterval(() => {
    for (const t of document.querySelectorAll('.tile')) {
      const v = t.querySelector('video')
      const q = v.getVideoPlaybackQuality()
      if (t.dataset.state !== 'live' && v.srcObject) mark('video', t.dataset.camera, t.dataset.state, q.totalVideoFrames, q.droppedVideoFrames, v.paused ? 'paused' : 'runs', v.readyState, v.videoWidth)
    }
  }, 1000)
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
  run('ffmpeg', ['-v', 'error', '-y', ...scene(), '-t', walks ? '60' : '40', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'baseline', '-g', String(2 * fps), '-b:v', '150k', clip])
  const imported = run(bin, ['place', 'import', join(dir, 'town.yaml'), '--data', join(dir, 'data')])
  const password = imported.match(/first password of chen .*: (\S+)/)[1]
  let server = await service()
  for (const m of imported.matchAll(/publish token of camera (\S+): (\S+)/g)) camera(m[1], m[2], clip)
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] })
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' })
  if (process.env.TRACE) await page.addInitScript(tracing)
  await signIn(page, password)
  const result = { tiles, size, fps, cpus: cpus().length, load_before: loadavg()[0] }
  result.first_all_live_ms = await allLive(page, 240_000)
  say('all live after', result.first_all_live_ms, 'ms')
  await sleep(20_000) // the veils learn their scenes
  Object.assign(result, await watch(page, seconds))
  result.load = loadavg()[0]
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
    await allLive(page, 60_000) // the next kill finds a whole wall again
    await sleep(3000)
    result.heap.push(await heap(cdp))
    if (process.env.TRACE) {
      const marks = await page.evaluate(() => window.__marks.splice(0))
      writeFileSync(process.env.TRACE + '.' + i, marks.filter((m) => m[0] > ready - 6000).map((m) => [m[0] - ready, ...m.slice(1)].join(' ')).join('\n'))
    }
    say('cycle', i + 1, 'back after', result.back_ms.at(-1), 'ms, heap', result.heap.at(-1).mb.toFixed(1), 'MB', result.heap.at(-1).nodes, 'nodes')
  }
  result.hour = []
  result.hour_heap = []
  for (let i = 0; i < minutes; i++) {
    const began = Date.now()
    try {
      result.hour.push(await watch(page, 57))
      result.hour_heap.push(await heap(cdp))
      if (snapshots.includes(i + 1)) await snapshot(cdp, `${process.env.SNAPSHOTS ?? '/tmp/many-'}${i + 1}.heapsnapshot`)
    } catch (err) {
      result.hour.push({ failed: String(err) })
      if (page.isClosed()) throw err
    }
    if (server.exitCode !== null) throw new Error('the service ended by itself')
    say('minute', i + 1, row(result.hour.at(-1), result.hour_heap.at(-1)).join(' '))
    await sleep(Math.max(0, 60_000 - (Date.now() - began)))
  }
  await browser.close()
  return result
}

const columns = ['live, least', 'at the end', 'dropped', 'not shown', 'starved', 'delay p50', 'p95', 'heap MB', 'load']
const row = (m, h) => (m.failed ? [m.failed] : [m.live_least, m.live_end, m.dropped, m.stale_pictures_called_live, m.starved, Math.round(m.delay_p50_ms), Math.round(m.delay_p95_ms), h?.mb.toFixed(1) ?? '-', m.load.toFixed(1)])
const line = (first, cells) => console.log(first.padEnd(22) + cells.map((c) => String(c).padStart(12)).join(''))
const mean = (list) => list.reduce((sum, h) => sum + h.mb, 0) / Math.max(1, list.length)

/** The heap of each third, and how the last is to the one before. */
function thirds(heaps) {
  const n = Math.floor(heaps.length / 3)
  const of = n < 2 ? [] : [heaps.slice(0, n), heaps.slice(n, 2 * n), heaps.slice(2 * n)].map(mean)
  return { of, ratio: of.length ? of[2] / of[1] : 1 }
}

/** Prints everything in one table and returns what was missed. */
function judge(r) {
  const all = [r, ...r.hour]
  const sum = (key) => all.reduce((n, m) => n + (m[key] ?? 0), 0)
  const heaps = r.hour_heap.length >= 6 ? r.hour_heap : r.heap
  const third = thirds(heaps)
  const p95 = r.hour.length ? percentile(r.hour.map((m) => m.delay_p95_ms).filter(Number.isFinite), 0.5) : r.delay_p95_ms
  const missed = [
    r.first_all_live_ms === Infinity && 'all tiles live', !(p95 < 1000) && 'delay p95 under 1 s', sum('stale_pictures_called_live') > 0 && 'no dropped stream that was not shown as dropped',
    sum('starved') > 0 && 'no tile starves another', r.back_ms.some((ms) => ms < 0 || ms > 10_000) && 'all back within 10 s', !(third.ratio <= 1.1) && 'memory flat within 10 %',
    r.hour.some((m) => m.failed) && 'every minute measured', r.hour.some((m) => m.live_end < tiles) && 'all tiles live at the end of each minute',
  ].filter(Boolean)
  line('', columns)
  line(`first ${seconds} s`, row(r, undefined))
  r.hour.forEach((m, i) => line(`minute ${i + 1}`, row(m, r.hour_heap[i])))
  line('kill', ['ready after', 'all back', 'heap MB'])
  r.back_ms.forEach((ms, i) => line(`${i + 1}`, [r.ready_ms[i], ms, r.heap[i].mb.toFixed(1)]))
  line('heap of each third', [...third.of.map((mb) => mb.toFixed(2)), 'ratio ' + third.ratio.toFixed(3)])
  line('streams dropped', [sum('dropped'), 'not shown', sum('stale_pictures_called_live')])
  line('delay p95, ms', [Math.round(p95), ' (the median of the minutes)'])
  line('goals', [missed.length ? 'MISSED: ' + missed.join('; ') : 'all met'])
  return missed
}

let code = 0
try {
  const r = await main()
  console.log(JSON.stringify(r))
  const missed = judge(r)
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
