// What is done on a page that is open: a sheet that a tap brings. There is no loading
// to measure; Lighthouse's timespan tells what was blocked and what jumped under a
// fourfold slower processor, its snapshot judges the open sheet's accessibility.
import { snapshot, startTimespan } from 'lighthouse'

/** By name: the page, what is tapped there, and what stands when it is done. */
export const acts = {
  pause: { page: '/my', tap: ['[data-camera=door-17] [data-pause="8"]'], ready: 'dialog li' },
  withdraw: { page: '/my', tap: ['[data-camera=door-17] [data-ask=withdraw]'], ready: 'dialog li' },
  receipt: { page: '/my', tap: ['[data-camera=yard-17] [data-ask=withdraw]', 'dialog [data-do=withdraw]', '[data-camera=yard-17] [data-do=receipt]'], ready: 'dialog [data-code]', undo: ['dialog [data-do=close]', '[data-camera=yard-17] [data-ask=give]', 'dialog [data-do=give]'] },
  complaint: { page: '/my/door-17/looks', tap: ['[data-ask=complain]'], ready: 'dialog textarea' },
  renew: { page: '/my', tap: ['[data-camera=lane-3] [data-ask=renew]'], ready: 'dialog [data-notice]' },
}

const flags = { logLevel: 'error', onlyCategories: ['performance', 'accessibility'], throttlingMethod: 'devtools', disableFullPageScreenshot: true }
const tap = async (page, selector) => (await page.waitForSelector(selector, { timeout: 30_000 })).evaluate((el) => el.click())

/** One measurement of an act; what it changed is changed back. */
export async function measureAct(browser, town, name) {
  const act = acts[name]
  const page = await browser.newPage()
  try {
    await page.setViewport({ width: 412, height: 823, isMobile: true, hasTouch: true, deviceScaleFactor: 1.75 })
    await page.setExtraHTTPHeaders({ Cookie: town.cookie })
    await page.goto(town.base + act.page)
    await page.waitForSelector(act.tap[0])
    const span = await startTimespan(page, { flags })
    const from = Date.now()
    for (const selector of act.tap) await tap(page, selector)
    await page.waitForSelector(act.ready)
    const answers = Date.now() - from
    const { lhr } = await span.endTimespan()
    const seen = await snapshot(page, { flags })
    for (const selector of act.undo ?? []) await tap(page, selector)
    if (act.undo) await page.waitForSelector(act.tap[0])
    const ms = (id) => Math.round(lhr.audits[id].numericValue ?? 0)
    return {
      result: seen, answers, speed: Math.round((lhr.categories.performance.score ?? 0) * 100), access: Math.round(seen.lhr.categories.accessibility.score * 100),
      blocked: ms('total-blocking-time'), shift: Math.round((lhr.audits['cumulative-layout-shift'].numericValue ?? 0) * 1000) / 1000,
    }
  } finally {
    await page.close()
  }
}
