import { expect, test, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { dispatcher, resident, residentCamera, signIn, Watch } from './people'

/**
 * The browser's half of cmd/e2e: from the live tile to the withdrawal. The
 * other half, at CONDUCTOR, takes a backup in the middle of it and judges what
 * is measured here.
 */
const conductor = process.env.CONDUCTOR
test.skip(!conductor, 'cmd/e2e runs this story: it needs somebody at CONDUCTOR')
test.setTimeout(240_000)
test.use({ timezoneId: 'Asia/Shanghai' })

const tile = `[data-camera="${residentCamera}"]`

/** Counts decoded pictures of a tile's video in the page, with the time of the last. */
function count(page: Page) {
  return page.evaluate((selector) => {
    const seen = { decoded: 0, last: 0, ended: 0 }
    const root = document.querySelector<HTMLElement>(selector)!
    const video = root.querySelector('video')!
    let before = video.getVideoPlaybackQuality().totalVideoFrames
    const look = () => {
      const now = video.getVideoPlaybackQuality().totalVideoFrames
      if (now > before) {
        seen.decoded += now - before
        seen.last = Date.now()
      }
      before = now // a new stream begins anew at 0
    }
    video.requestVideoFrameCallback(function again() {
      look()
      video.requestVideoFrameCallback(again)
    })
    setInterval(look, 20)
    new MutationObserver(() => {
      if (root.dataset.state !== 'live' && !seen.ended) seen.ended = Date.now()
    }).observe(root, { attributeFilter: ['data-state'] })
    ;(window as unknown as { seen: typeof seen }).seen = seen
  }, tile)
}

const seen = (page: Page) => page.evaluate(() => (window as unknown as { seen: { decoded: number; last: number; ended: number } }).seen)
const total = (page: Page, selector: string) =>
  page.locator(`${selector} video`).first().evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames)

test('from the live tile to the withdrawal', async ({ page, browser }) => {
  const m: Record<string, unknown> = { camera: residentCamera }
  const watch = new Watch(page)
  await page.setViewportSize({ width: 1600, height: 900 })
  const opened = Date.now()
  await signIn(page, dispatcher, '/wall')

  // A reason precedes the view: an incident at the door.
  await expect(page.locator(tile)).toBeVisible({ timeout: 40_000 })
  await page.keyboard.press('i')
  await page.locator('input[name=type][value=sos]').check({ force: true })
  await page.selectOption('select[name=camera]', residentCamera)
  await page.fill('input[name=text]', '求助')
  await page.getByRole('button', { name: '立即开立' }).click()
  await expect(page.locator(tile)).toHaveAttribute('data-state', 'live', { timeout: 60_000 })
  const others = page.locator(`.tile[data-state=live]:not(${tile})`)
  await expect(others.first()).toBeVisible({ timeout: 60_000 })

  await count(page)
  const began = Date.now()
  await expect.poll(async () => (await seen(page)).decoded, { message: 'live pictures decoded', timeout: 30_000 }).toBeGreaterThan(20)
  m.live_frames = (await seen(page)).decoded
  m.live_ms = Date.now() - began
  m.transport = await page.locator(tile).getAttribute('data-transport')

  const mine = page.locator('[data-event]', { hasText: '李家门口' }).filter({ has: page.getByRole('button', { name: '播放录像' }) })
  await expect(mine.first()).toBeVisible({ timeout: 90_000 })
  m.event_ms = Date.now() - opened
  m.event = await mine.first().getAttribute('data-event')
  const shot = process.env.SCREENSHOT
  if (shot) {
    mkdirSync(dirname(shot), { recursive: true })
    await page.screenshot({ path: shot })
  }

  // The clip, played for a case.
  const media = page.waitForRequest((r) => /\/api\/clips\/[^/]+\/media\.mp4/.test(r.url()), { timeout: 40_000 })
  await page.locator(`[data-event="${m.event}"]`).getByRole('button', { name: '播放录像' }).click()
  const dialog = page.getByRole('dialog')
  const under = dialog.locator('select[name=under]')
  await expect(under).toBeVisible()
  await under.selectOption('new')
  await dialog.locator('input[name=title]').fill('门口求助')
  const asked = Date.now()
  await dialog.getByRole('button', { name: '继续' }).click()
  const clipURL = new URL((await media).url())
  const clip = (m.clip = decodeURIComponent(clipURL.pathname.split('/')[3]!))
  const player = dialog.locator('video')
  const decoded = () => player.evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames)
  await expect.poll(decoded, { message: 'first picture of the clip', timeout: 60_000, intervals: [50] }).toBeGreaterThan(0)
  m.play_ms = Date.now() - asked
  await expect.poll(decoded, { message: 'pictures of the clip decoded', timeout: 30_000 }).toBeGreaterThan(20)
  m.clip_frames = await decoded()
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()

  const kept = await fetch(`${conductor}/backup?camera=${residentCamera}&clip=${encodeURIComponent(clip)}`)
  expect(kept.ok, 'the backup').toBe(true)

  // The resident, on a phone.
  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN', ignoreHTTPSErrors: true })
  const my = await phone.newPage()
  const myWatch = new Watch(my)
  await signIn(my, resident, '/my')
  const card = my.locator(`article[data-camera="${residentCamera}"]`)
  await expect(card).toHaveAttribute('data-sharing', 'sharing')
  await card.locator('[data-ask=withdraw]').click()
  const yes = my.getByRole('dialog').locator('button.choice').first()
  await expect(my.getByRole('dialog').locator('li').first()).toBeVisible()
  await yes.evaluate((b) => b.addEventListener('click', () => ((window as unknown as { pressed: number }).pressed = Date.now()), { capture: true }))
  await expect(page.locator(tile)).toHaveAttribute('data-state', 'live')
  await page.evaluate(() => ((window as unknown as { seen: { ended: number } }).seen.ended = 0))

  await yes.click()
  const pressed = await my.evaluate(() => (window as unknown as { pressed: number }).pressed)
  // The clip, asked for again and again until it is refused.
  const again = async () => {
    const r = await page.request.get(clipURL.toString(), { headers: { Range: 'bytes=0-0' } })
    return { status: r.status(), body: r.status() >= 400 ? await r.json() : undefined }
  }
  let answer = await again()
  const limit = Date.now() + 70_000
  while (answer.status < 400 && Date.now() < limit) answer = await again()
  m.denied_ms = Date.now() - pressed
  m.denied_status = answer.status
  m.denied = answer.body ?? {}

  await expect(page.locator(tile)).toHaveAttribute('data-state', 'withdrawn', { timeout: 20_000 })
  await expect(page.locator(`${tile} video`)).toBeHidden()
  await expect(card).toHaveAttribute('data-sharing', 'stopped')
  const end = await seen(page)
  m.tile_ended = end.ended - pressed
  const other = `[data-camera="${await others.first().getAttribute('data-camera')}"]`
  const otherBefore = await total(page, other)
  await page.waitForTimeout(3000) // what must not happen has to be given time to
  const after = await seen(page)
  m.last_frame = after.last - pressed
  m.frames_after = after.decoded - end.decoded
  m.other_frames = (await total(page, other)) - otherBefore

  await page.goto('/clips/' + encodeURIComponent(clip))
  const denied = page.locator('[data-denied]')
  await expect(denied).toBeVisible()
  m.page_reasons = await denied.getAttribute('data-reasons')
  m.faults = [...watch.faults, ...myWatch.faults]
  await phone.close()
  const told = await fetch(`${conductor}/measured`, { method: 'POST', body: JSON.stringify(m) })
  expect(told.ok).toBe(true)
})
