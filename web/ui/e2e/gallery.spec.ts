import { expect, test } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { compare, opened, sameFonts } from './kept'

/**
 * The pieces of the phone's pages as pictures: all of them as artefacts, a few
 * compared with pictures that are kept.
 */
const root = join(import.meta.dirname, '..')
const out = join(root, 'test-results', 'gallery')
const compared = ['yes-no', 'hours', 'masks', 'looks']

test.beforeAll(async () => {
  await build({ configFile: join(root, 'dev', 'gallery', 'vite.config.ts'), logLevel: 'error' })
})

for (const [language, scheme] of [['zh-CN', 'light'], ['en', 'dark']] as const) {
  test(`the pieces look as they did: ${language}, ${scheme}`, async ({ browser }, info) => {
    const page = await opened(browser, 'http://gallery.test', out, { language, scheme })
    await page.goto('http://gallery.test/?language=' + language)
    await expect(page.locator('[data-piece=trouble]')).toBeVisible()
    await page.locator('[data-piece=masks] [data-area="0"]').focus()
    await page.screenshot({ path: info.outputPath(`pieces-${language}.png`), fullPage: true })
    const shot = process.env.PIECES
    if (shot) {
      mkdirSync(shot, { recursive: true })
      await page.screenshot({ path: join(shot, `pieces-${language}.png`), fullPage: true })
    }
    if (await sameFonts(page, info)) {
      for (const piece of compared) await compare(page.locator(`[data-piece=${piece}]`), `${piece}-${language}`)
    }
    await page.context().close()
  })
}
