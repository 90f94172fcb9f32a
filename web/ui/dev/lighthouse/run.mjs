// Lighthouse over the phone's pages of a running service, as a phone sees them
// (its own mobile profile: a slow processor and a slow 4G line, simulated).
// Ends with 1 when a page has less than 95 for performance or accessibility.
// Run: BASE_URL=http://127.0.0.1:8080 RESIDENT=li:PASSWORD node run.mjs [PATH...]
import { mkdirSync, writeFileSync } from 'node:fs'
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'

const least = 95
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

const session = await cookie()
const chrome = await launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox', '--ignore-certificate-errors'] })
let low = false
try {
  for (const path of paths) {
    const open = /^\/(sign-in|join)/.test(path)
    const result = await lighthouse(base + path, {
      port: chrome.port, logLevel: 'error', output: 'html', onlyCategories: ['performance', 'accessibility', 'best-practices'],
      extraHeaders: session && !open ? { Cookie: session } : undefined,
    })
    const { categories, audits, finalDisplayedUrl } = result.lhr
    const score = (id) => Math.round((categories[id]?.score ?? 0) * 100)
    const [speed, access, good] = ['performance', 'accessibility', 'best-practices'].map(score)
    low ||= speed < least || access < least
    console.log(`${new URL(finalDisplayedUrl).pathname}: performance ${speed}, accessibility ${access}, best practices ${good}; ` +
      `first paint ${audits['first-contentful-paint'].displayValue}, largest ${audits['largest-contentful-paint'].displayValue}, blocked ${audits['total-blocking-time'].displayValue}, shift ${audits['cumulative-layout-shift'].displayValue}`)
    for (const a of Object.values(audits)) if (a.score !== null && a.score < 0.9 && ['binary'].includes(a.scoreDisplayMode)) console.log(`  ${a.id}: ${a.title}`)
    if (process.env.REPORTS) {
      mkdirSync(process.env.REPORTS, { recursive: true })
      writeFileSync(`${process.env.REPORTS}/lighthouse${path.replaceAll('/', '-')}.html`, result.report)
    }
  }
} finally {
  await chrome.kill()
}
process.exitCode = low ? 1 : 0
