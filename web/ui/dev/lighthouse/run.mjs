// Lighthouse over the phone's pages of a running service, as a phone sees them
// (its own mobile profile: a slow processor and a slow 4G line, simulated).
// Each page RUNS times (3), told by medians, with the machine's load beside them.
// Ends with 1 when a page's median is less than 95 for performance or accessibility.
// Run: BASE_URL=http://127.0.0.1:8080 RESIDENT=li:PASSWORD node run.mjs [PATH...]
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'

const least = 95
const runs = Number(process.env.RUNS ?? 3)
const base = process.env.BASE_URL ?? 'http://127.0.0.1:8080'
const [name, ...rest] = (process.env.RESIDENT ?? '').split(':')
const paths = process.argv.slice(2)
if (!paths.length) paths.push('/sign-in', '/my')

async function cookie() {
  if (!name) return undefined
  const res = await fetch(base + '/api/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password: rest.join(':') }) })
  if (!res.ok) throw new Error(`sign in as ${name}: ${res.status} ${await res.text()}`)
  return res.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ')
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]
const said = (list, unit = '') => `${median(list)}${unit}${list.length > 1 ? ` (${list.join(', ')})` : ''}`

/** One measurement of a page. */
async function measure(chrome, session, path) {
  const open = /^\/(sign-in|join|verify|ask|report)/.test(path)
  const result = await lighthouse(base + path, {
    port: chrome.port, logLevel: 'error', output: 'html', onlyCategories: ['performance', 'accessibility', 'best-practices'],
    extraHeaders: session && !open ? { Cookie: session } : undefined,
  })
  const { categories, audits, finalDisplayedUrl } = result.lhr
  if (!open && new URL(finalDisplayedUrl).pathname !== path) throw new Error(`${path} led to ${finalDisplayedUrl}: sign in with RESIDENT`)
  const score = (id) => Math.round((categories[id]?.score ?? 0) * 100)
  const ms = (id) => Math.round(audits[id].numericValue)
  return {
    result, speed: score('performance'), access: score('accessibility'), good: score('best-practices'),
    first: ms('first-contentful-paint'), largest: ms('largest-contentful-paint'), blocked: ms('total-blocking-time'), shift: Math.round(audits['cumulative-layout-shift'].numericValue * 1000) / 1000,
  }
}

function report(path, got) {
  const of = (key) => got.map((g) => g[key])
  console.log(`${path}: performance ${said(of('speed'))}, accessibility ${said(of('access'))}, best practices ${said(of('good'))}; ` +
    `first paint ${said(of('first'), ' ms')}, largest ${said(of('largest'), ' ms')}, blocked ${said(of('blocked'), ' ms')}, shift ${said(of('shift'))}; load ${loadavg()[0].toFixed(1)}`)
  const { audits } = got.at(-1).result.lhr
  for (const a of Object.values(audits)) if (a.score !== null && a.score < 0.9 && a.scoreDisplayMode === 'binary') console.log(`  ${a.id}: ${a.title}`)
}

const session = await cookie()
const chrome = await launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox', '--ignore-certificate-errors'] })
let low = false
try {
  for (const path of paths) {
    const got = []
    for (let i = 0; i < runs; i++) got.push(await measure(chrome, session, path))
    report(path, got)
    low ||= median(got.map((g) => g.speed)) < least || median(got.map((g) => g.access)) < least
    if (process.env.REPORTS) {
      mkdirSync(process.env.REPORTS, { recursive: true })
      got.forEach((g, i) => writeFileSync(`${process.env.REPORTS}/lighthouse${path.replaceAll('/', '-')}-${i + 1}.html`, g.result.report))
    }
  }
} finally {
  await chrome.kill()
}
process.exitCode = low ? 1 : 0
