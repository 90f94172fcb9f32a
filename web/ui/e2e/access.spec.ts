import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { signIn } from './people'
import en from '../src/i18n/en/common.json' with { type: 'json' }
import zh from '../src/i18n/zh-CN/common.json' with { type: 'json' }

/**
 * Every page of every face under axe (WCAG 2.2 AA), by day in Chinese and by
 * night in English. PEOPLE says who may sign in to which face: a JSON list of
 * {name, password, home, pages, small}.
 */
interface Visitor {
  name: string
  password: string
  home: string
  pages: string[]
  small?: boolean
}
const people = JSON.parse(process.env.PEOPLE ?? '[]') as Visitor[]
test.skip(!process.env.PEOPLE, 'cmd/e2e runs this: it needs PEOPLE')
test.setTimeout(300_000) // seventeen pages, on a machine that does much else

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

async function judge(page: Page, faults: string[]) {
  await expect(page.locator('#app > *').first()).toBeVisible()
  for (const words of [en, zh]) await expect(page.getByText(words.state.loading, { exact: true })).toHaveCount(0)
  const found = await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).withTags(rules).analyze()
  for (const v of found.violations) {
    if (v.impact !== 'serious' && v.impact !== 'critical') continue
    faults.push(`${new URL(page.url()).pathname}: ${v.id} (${v.impact}) ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')}: ${n.any[0]?.message ?? ''}`).join(' | ')}`)
  }
  await fits(page, faults, '')
}

/** Nothing is wider than the screen. */
async function fits(page: Page, faults: string[], as: string) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (wider > 1) faults.push(`${new URL(page.url()).pathname}${as}: ${wider} px wider than the screen`)
}

for (const [language, scheme] of [['zh-CN', 'light'], ['en', 'dark']] as const) {
  test(`no page has a serious fault: ${language}, ${scheme}`, async ({ browser }) => {
    const faults: string[] = []
    let seen = 0
    for (const who of people) {
      const context = await browser.newContext({ viewport: who.small ? { width: 390, height: 844 } : { width: 1440, height: 900 }, locale: language, colorScheme: scheme, ignoreHTTPSErrors: true })
      const page = await context.newPage()
      if (who.name) await signIn(page, who, who.home)
      for (const path of who.pages) {
        await page.goto(path)
        await judge(page, faults)
        if (who.small) {
          await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
          await fits(page, faults, ' with text twice as large')
        }
        seen++
      }
      await context.close()
    }
    console.log(`axe (${language}, ${scheme}): ${seen} pages, ${faults.length} serious faults`)
    expect(faults).toEqual([])
  })
}

test('the first page of a phone is small and quick on a slow line', async ({ browser }) => {
  const who = people.find((p) => p.small && p.name)!
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN', ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await signIn(page, who, who.home)
  for (const path of [people.find((p) => p.small && !p.name)!.pages[0]!, who.home]) {
    const fresh = await context.newPage()
    const cdp = await context.newCDPSession(fresh)
    await cdp.send('Network.enable')
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
    // Chromium's own "slow 3G": 400 kbit/s and 400 ms there and back.
    await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 })
    let bytes = 0
    cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength))
    const began = Date.now()
    await fresh.goto(path, { waitUntil: 'commit' })
    await expect(fresh.locator('[data-do=go-on], [data-ask], [data-camera]').first()).toBeVisible({ timeout: 60_000 })
    const took = Date.now() - began
    console.log(`${path}: ${Math.round(bytes / 1000)} kB, usable after ${(took / 1000).toFixed(1)} s on slow 3G`)
    expect(bytes).toBeGreaterThan(20_000)
    expect(bytes).toBeLessThan(200_000)
    await fresh.close()
  }
  await context.close()
})
