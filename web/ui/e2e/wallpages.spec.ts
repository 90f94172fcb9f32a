import { expect, test } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { opened } from './kept'
import { kinds, moment, wallWorld, type WallOf } from './wallworld'

/**
 * The wall in every state that a tile has, as pictures to look at. WALL=/tmp/w
 * keeps there, at 3840x2160, by day and by night, in both languages: everything
 * failing, the map, no camera, the service away, 1 to 40 tiles, every sheet.
 */
const dist = join(import.meta.dirname, '..', 'dist')
const origin = 'https://pages.test'
const texts = JSON.parse(readFileSync(join(import.meta.dirname, '../../../policy/texts.json'), 'utf8')) as Record<string, { officer: Record<string, string> }>
const reasons = (reason: string, l: string) => texts[reason]?.officer[l] ?? reason
const large = { width: 3840, height: 2160 }

interface Shot extends WallOf {
  name: string
  /** How many tiles show a picture in the end. */
  live: number
  width?: number
  height?: number
  keys?: string[]
}
const shots: Shot[] = [
  { name: 'wall', language: 'zh-CN', theme: 'night', busy: true, live: 12, width: 1920, height: 1080 },
  { name: 'wall', language: 'en', theme: 'day', busy: true, live: 12, width: 1920, height: 1080 },
]
const others: Shot[] = [
  ...(['zh-CN', 'en'] as const).flatMap((language) => (['night', 'day'] as const).flatMap((theme): Shot[] => [
    { name: 'states', language, theme, busy: true, live: 12 },
    { name: 'map', language, theme, busy: true, live: 12, show: 'both' },
    { name: 'calm', language, theme, calm: true, live: 25 },
  ])),
  ...[1, 2, 7, 40].map((tiles): Shot => ({ name: `tiles-${tiles}`, language: 'zh-CN', calm: true, tiles, live: tiles })),
  { name: 'empty', language: 'zh-CN', tiles: 0, live: 0 }, { name: 'empty', language: 'en', theme: 'day', tiles: 0, live: 0 },
  { name: 'away', language: 'zh-CN', away: true, live: 0 }, { name: 'away', language: 'en', away: true, live: 0 },
  { name: 'screen', language: 'zh-CN', who: 'screen', busy: true, live: 12, show: 'both' },
  { name: 'maponly', language: 'en', busy: true, live: 0, show: 'map' },
  { name: 'help', language: 'zh-CN', live: 12, keys: ['?'] }, { name: 'help', language: 'en', theme: 'day', live: 12, keys: ['?'] },
  { name: 'arrange', language: 'zh-CN', live: 12, keys: ['l'] }, { name: 'record', language: 'zh-CN', busy: true, live: 12, keys: ['n'] },
  { name: 'incident', language: 'zh-CN', busy: true, live: 12, keys: ['i'] }, { name: 'one', language: 'zh-CN', busy: true, live: 12, keys: ['ArrowRight', 'ArrowDown', 'Enter'] },
]

for (const s of process.env.WALL ? [...shots, ...others] : shots) {
  const title = `${s.name}-${s.language}-${s.theme ?? 'night'}`
  test(`${title} says of every tile what it is`, async ({ browser }, info) => {
    const page = await opened(browser, origin, dist, { language: s.language, scheme: 'dark', ...large, ...(s.width ? { width: s.width, height: s.height } : {}) })
    const unknown = await wallWorld(page, origin, s, reasons)
    await page.clock.setFixedTime(moment.getTime() - 10_000)
    await page.goto(origin + '/wall/left')
    await page.locator('.bar').waitFor()
    await expect(page.locator('.tile[data-state=live]')).toHaveCount(s.live + (s.live === 12 ? 1 : 0))
    // The camera that sends nothing more stands still: what came before now is old.
    await page.evaluate(() => Reflect.set(window, 'stilled', true))
    let before = -1
    const still = async () => {
      const n = await page.locator('.tile[data-camera=frozen] video').evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames)
      return n === before || ((before = n), false)
    }
    if (s.live === 12) await expect.poll(still, { intervals: [700] }).toBe(true)
    await page.clock.setFixedTime(moment)
    await expect(page.locator('.bar .clock')).toHaveText('20:30:00')
    await expect(page.locator('.tile[data-state=live]')).toHaveCount(s.live)
    for (const key of s.keys ?? []) await page.keyboard.press(key)
    if (s.show && s.live) await page.locator('.map .wall-mark').first().waitFor()
    await page.screenshot({ path: process.env.WALL ? join(process.env.WALL, title + '.png') : info.outputPath(title + '.png'), animations: 'disabled' })
    if (s.name === 'wall') {
      const told = await page.locator('.tile').evaluateAll((list) => Object.fromEntries(list.map((t) => [(t as HTMLElement).dataset.camera!, (t as HTMLElement).dataset.state!])))
      expect(told).toMatchObject(kinds)
      // A picture that is not live is covered, and words stand in its place.
      await expect(page.locator('.tile:not(.picture) .cover .why')).toHaveCount(13)
      await expect(page.locator('.tile:not(.picture) video:visible')).toHaveCount(0)
      await expect(page.locator('[data-call], [data-incident]')).toHaveCount(2)
    }
    expect(unknown).toEqual([])
    await page.context().close()
  })
}
