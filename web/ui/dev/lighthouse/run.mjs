// Lighthouse over the phone's pages, as a phone sees them (its own mobile profile:
// a slow processor and a slow 4G line, simulated), and over what is done on them.
// Each RUNS times (3), told by medians, with the machine's load beside them; a page
// that Lighthouse could not measure is measured again, twice at most.
// Without BASE_URL it starts a service of its own with all that the pages show and
// no camera that films (../phone/seed.mjs; needs `make build` and ffmpeg).
// Ends with 1 when a median is less than 95 for performance or accessibility.
// Run: npm ci && node run.mjs [PATH or ACT...]
//      BASE_URL=http://127.0.0.1:8080 RESIDENT=li:PASSWORD node run.mjs /sign-in /my
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import lighthouse from 'lighthouse'
import puppeteer from 'puppeteer-core'
import { seed } from '../phone/seed.mjs'

const least = 95
const runs = Number(process.env.RUNS ?? 3)
const open = /^\/(sign-in|join|verify|ask|report|welcome)\b/

/** A service that is there already, and the cookie of who signs in to it. */
async function given() {
  const base = process.env.BASE_URL
  const [name, ...rest] = (process.env.RESIDENT ?? '').split(':')
  if (!name) return { base, cookie: '', stop: async () => {} }
  const res = await fetch(base + '/api/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password: rest.join(':') }) })
  if (!res.ok) throw new Error(`sign in as ${name}: ${res.status} ${await res.text()}`)
  return { base, cookie: res.headers.getSetCookie().map((c) => c.split(';')[0]).join('; '), stop: async () => {}, pages: ['/sign-in', '/my'] }
}

async function own() {
  const town = await seed()
  const camera = (...ways) => ways.map((way) => '/my/door-17/' + way)
  const pages = ['/sign-in', town.invitation, '/my', ...camera('hours', 'masks', 'terms', 'looks', 'clips', 'papers', 'view'), '/cell', '/ask', '/password']
  return { base: town.base, cookie: town.who.li.cookie(), stop: town.stop, pages }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]
const said = (list, unit = '') => `${median(list)}${unit}${list.length > 1 ? ` (${list.join(', ')})` : ''}`

/** One measurement of a page. */
async function measure(browser, town, path) {
  const page = await browser.newPage()
  try {
    const result = await lighthouse(town.base + path, {
      logLevel: 'error', output: 'html', onlyCategories: ['performance', 'accessibility'], disableFullPageScreenshot: true,
      maxWaitForLoad: 15_000, // a signed-in page keeps its stream of news open, so its network is never quiet
      extraHeaders: town.cookie && !open.test(path) ? { Cookie: town.cookie } : undefined,
    }, undefined, page)
    const { categories, audits, finalDisplayedUrl, runtimeError } = result.lhr
    if (runtimeError) throw new Error(runtimeError.message)
    if (!open.test(path) && new URL(finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${finalDisplayedUrl}: sign in with RESIDENT`)
    const ms = (id) => Math.round(audits[id].numericValue)
    return {
      result, speed: Math.round(categories.performance.score * 100), access: Math.round(categories.accessibility.score * 100),
      first: ms('first-contentful-paint'), largest: ms('largest-contentful-paint'), blocked: ms('total-blocking-time'), shift: Math.round(audits['cumulative-layout-shift'].numericValue * 1000) / 1000,
      bytes: Math.round(audits['total-byte-weight'].numericValue / 1000), requests: audits['network-requests'].details.items.length, long: audits['long-tasks'].details.items.length,
    }
  } finally {
    await page.close()
  }
}

async function again(f, times = 3) {
  for (;;) {
    try {
      return await f()
    } catch (err) {
      if (!--times) throw err
      console.log(`  once more: ${err.message.split('\n')[0]}`)
    }
  }
}

function report(path, got) {
  const of = (key) => got.map((g) => g[key])
  console.log(`${path.replace(/^\/join\/.*/, '/join/…')}: performance ${said(of('speed'))}, accessibility ${said(of('access'))}; ` +
    `first paint ${said(of('first'), ' ms')}, largest ${said(of('largest'), ' ms')}, blocked ${said(of('blocked'), ' ms')}, shift ${said(of('shift'))}` +
    `; ${said(of('bytes'), ' kB')} in ${said(of('requests'))} requests, ${said(of('long'))} long tasks; load ${loadavg()[0].toFixed(1)}`)
  const { audits, categories } = got.at(-1).result.lhr
  for (const { id } of categories.accessibility.auditRefs) if (audits[id].score !== null && audits[id].score < 0.9) console.log(`  ${id}: ${audits[id].title}`)
}

function keep(path, got) {
  if (!process.env.REPORTS) return
  mkdirSync(process.env.REPORTS, { recursive: true })
  const name = path.startsWith('/join/') ? '-join' : path.replaceAll('/', '-')
  got.forEach((g, i) => g.result.report && writeFileSync(`${process.env.REPORTS}/lighthouse${name}-${i + 1}.html`, g.result.report))
}

const began = Date.now()
const town = process.env.BASE_URL ? await given() : await own()
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--headless=new', '--no-sandbox', '--ignore-certificate-errors', '--lang=zh-CN'] })
let low = false
try {
  for (const what of process.argv.length > 2 ? process.argv.slice(2) : town.pages) {
    const path = what === '/join' ? town.pages.find((p) => p.startsWith('/join/')) : what
    const got = []
    for (let i = 0; i < runs; i++) got.push(await again(() => measure(browser, town, path)))
    report(path, got)
    keep(path, got)
    low ||= median(got.map((g) => g.speed)) < least || median(got.map((g) => g.access)) < least
  }
} finally {
  await browser.close()
  await town.stop()
}
console.log(`${Math.round((Date.now() - began) / 1000)} s; ${low ? `not everything is at ${least}` : `everything is at ${least} or above`}`)
process.exitCode = low ? 1 : 0
