import { expect, test } from '@playwright/test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { build } from 'vite'

/**
 * The pieces of the phone's pages as pictures: all of them as artefacts, a few
 * compared with pictures that are kept, to notice an accidental change. Other
 * fonts draw other pictures, so they are compared only where the fonts are
 * those of the kept ones (Debian's, which the tests' set-up installs).
 * After a change on purpose: npx playwright test -c e2e/playwright.config.ts gallery --update-snapshots
 */
const root = join(import.meta.dirname, '..')
const out = join(root, 'test-results', 'gallery')
const kept = join(import.meta.dirname, 'pictures', 'fonts.json')
const compared = ['yes-no', 'hours', 'masks', 'looks']
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

test.beforeAll(async () => {
  await build({ configFile: join(root, 'dev', 'gallery', 'vite.config.ts'), logLevel: 'error' })
})

for (const [language, scheme] of [['zh-CN', 'light'], ['en', 'dark']] as const) {
  test(`the pieces look as they did: ${language}, ${scheme}`, async ({ browser }, info) => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: language, colorScheme: scheme, timezoneId: 'Asia/Shanghai', deviceScaleFactor: 1 })
    const page = await context.newPage()
    await page.route('http://gallery.test/**', (route) => {
      const path = new URL(route.request().url()).pathname
      const file = join(out, path === '/' ? 'index.html' : path)
      return existsSync(file) ? route.fulfill({ body: readFileSync(file), contentType: types[extname(file)] }) : route.fulfill({ status: 404, body: '' })
    })
    await page.goto('http://gallery.test/?language=' + language)
    await expect(page.locator('[data-piece=trouble]')).toBeVisible()
    await page.locator('[data-piece=masks] [data-area="0"]').focus()
    await page.screenshot({ path: info.outputPath(`pieces-${language}.png`), fullPage: true })
    const shot = process.env.PIECES
    if (shot) {
      mkdirSync(shot, { recursive: true })
      await page.screenshot({ path: join(shot, `pieces-${language}.png`), fullPage: true })
    }
    const fonts = await page.evaluate(() => {
      const c = document.createElement('canvas').getContext('2d')!
      return ['16px', 'bold 16px'].flatMap((size) => ['谁看过您的摄像头？', 'Who looked through your camera?'].map((text) => {
        c.font = `${size} ${getComputedStyle(document.body).fontFamily}`
        return Math.round(c.measureText(text).width * 10) / 10
      }))
    })
    if (['all', 'changed'].includes(info.config.updateSnapshots)) {
      mkdirSync(dirname(kept), { recursive: true })
      writeFileSync(kept, JSON.stringify(fonts) + '\n')
    }
    if (JSON.stringify(fonts) !== readFileSync(kept, 'utf8').trim()) {
      console.log(`other fonts here (${fonts.join(', ')}): pictures kept as artefacts, not compared`)
      return
    }
    for (const piece of compared) {
      await expect(page.locator(`[data-piece=${piece}]`)).toHaveScreenshot(`${piece}-${language}.png`, { maxDiffPixelRatio: 0.02, threshold: 0.3 })
    }
    await context.close()
  })
}
