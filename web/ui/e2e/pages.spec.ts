import { expect, test, type Page } from '@playwright/test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { answers, now, visitors } from './answers'
import { compare, opened, sameFonts, type View } from './kept'

/**
 * Whole pages as pictures, of the built pages over answers that never change,
 * at a moment that never passes. No service is asked.
 */
const dist = join(import.meta.dirname, '..', 'dist')
const origin = 'https://pages.test'
const desk = { width: 1440, height: 900 }

interface Shot {
  name: string
  path: string
  who: keyof typeof visitors
  /** Stands once the page has what it shows. */
  ready: string
  desk?: boolean
  act?: (page: Page) => Promise<void>
}

const shots: Shot[] = [
  { name: 'sign-in', path: '/sign-in', who: 'nobody', ready: 'input[name=name]' },
  { name: 'join', path: '/join/open', who: 'nobody', ready: '[data-do=go-on]' },
  { name: 'my', path: '/my', who: 'li', ready: 'article[data-camera=lane-3]' },
  { name: 'my-hours', path: '/my/door-17/hours', who: 'li', ready: '[data-slot=sun-21]' },
  { name: 'who-looked', path: '/my/door-17/looks', who: 'li', ready: '[data-look="512"]' },
  { name: 'verify', path: '/verify/', who: 'nobody', ready: 'main' },
  { name: 'evidence-none', path: '/evidence', who: 'wang', ready: 'label.camera', desk: true, act: (page) => page.locator('button.find').click().then(() => page.locator('.results h2').waitFor()) },
  { name: 'people', path: '/system/people', who: 'ops', ready: '[data-person="resident:li"]', desk: true },
  { name: 'rules', path: '/rules/gate-east', who: 'ops', ready: '[data-point="3"]', desk: true },
]

async function answer(page: Page, who: keyof typeof visitors, unknown: string[]) {
  await page.route(origin + '/api/**', (route) => {
    const path = new URL(route.request().url()).pathname
    const me = visitors[who]
    if (path === '/api/session') return route.fulfill(me ? { json: me } : { status: 401, json: { status: 401, code: 'unauthenticated' } })
    // Nothing is told by the event stream, and the public log is not asked.
    if (path === '/api/events/stream' || /^\/api\/log\b/.test(path)) return route.abort()
    if (!(path in answers)) unknown.push(path)
    return route.fulfill(path in answers ? { json: answers[path] } : { status: 404, json: { status: 404, code: 'not_found' } })
  })
}

for (const v of [{ language: 'zh-CN', scheme: 'light' }, { language: 'en', scheme: 'dark' }] as View[]) {
  for (const s of shots) {
    test(`${s.name} looks as it did: ${v.language}, ${v.scheme}`, async ({ browser }, info) => {
      expect(existsSync(join(dist, 'index.html')), 'the built pages: make build').toBe(true)
      const page = await opened(browser, origin, dist, { ...v, ...(s.desk ? desk : {}) })
      const unknown: string[] = []
      await answer(page, s.who, unknown)
      await page.clock.setFixedTime(now)
      await page.goto(origin + s.path)
      await page.locator(s.ready).first().waitFor()
      await s.act?.(page)
      await page.screenshot({ path: info.outputPath(`${s.name}-${v.language}.png`) })
      if (await sameFonts(page, info)) await compare(page, `page-${s.name}-${v.language}`)
      expect(unknown).toEqual([])
      await page.context().close()
    })
  }
}
