import { expect, test } from '@playwright/test'
import { administrator, dispatcher, frames, resident, residentCamera, signIn, Watch } from './people'

test.describe.configure({ mode: 'serial' })

test('a wrong password is met with words, in both languages', async ({ page }) => {
  const watch = new Watch(page)
  await page.goto('/')
  await expect(page).toHaveURL(/sign-in/)
  await expect(page.getByRole('button', { name: '登录' })).toBeVisible()
  await page.fill('input[name=name]', 'nobody')
  await page.fill('input[name=password]', 'not-the-password')
  await page.getByRole('button', { name: '登录' }).click()
  await expect(page.getByRole('alert')).toContainText('密码不对')
  await page.getByRole('button', { name: 'English' }).click()
  await expect(page.getByRole('alert')).toContainText('not right')
  await expect(page).toHaveTitle(/Sign in/)
  expect(watch.faults).toEqual([])
})

test('a dispatcher sees moving tiles that say what they are, and an event', async ({ page }, info) => {
  const watch = new Watch(page)
  await signIn(page, dispatcher, '/wall')
  const live = page.locator('[data-state=live]')
  await expect(live.first()).toBeVisible({ timeout: 40_000 })
  const camera = await live.first().getAttribute('data-camera')
  const tile = `[data-camera="${camera}"]`
  const before = await frames(page, tile)
  await expect.poll(() => frames(page, tile), { message: 'pictures decoded' }).toBeGreaterThan(before + 10)
  for (const t of await page.locator('.tile').all()) {
    const state = await t.getAttribute('data-state')
    if (state !== 'live') await expect(t.locator('video')).toBeHidden()
  }
  await expect(page.locator('[data-event]').first()).toBeVisible({ timeout: 80_000 })
  await page.screenshot({ path: info.outputPath('wall.png') })
  expect(watch.faults).toEqual([])
})

test('the keyboard is enough on the wall', async ({ page }) => {
  await signIn(page, dispatcher, '/wall')
  await expect(page.locator('.tile').nth(1)).toBeVisible()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await page.keyboard.press('ArrowRight')
  await expect(page.locator('.tile.focused')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page.locator('.tile')).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(page.locator('.tile').nth(1)).toBeVisible()
})

test('an incident opens the agreed camera; withdrawal ends it on the screen', async ({ page, browser }, info) => {
  const watch = new Watch(page)
  await signIn(page, dispatcher, '/wall')
  const tile = page.locator(`[data-camera="${residentCamera}"]`)
  await expect(tile).toBeVisible()
  if ((await tile.getAttribute('data-state')) !== 'live') {
    await page.keyboard.press('i')
    await page.locator('input[name=type][value=sos]').check({ force: true })
    await page.selectOption('select[name=camera]', residentCamera)
    await page.fill('input[name=text]', '求助')
    await page.getByRole('button', { name: '立即开立' }).click()
    await expect(page.locator('.incident').first()).toBeVisible()
  }
  await expect(tile).toHaveAttribute('data-state', 'live', { timeout: 30_000 })

  const phone = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'zh-CN', ignoreHTTPSErrors: true })
  const my = await phone.newPage()
  const myWatch = new Watch(my)
  await signIn(my, resident, '/my')
  const card = my.locator(`article[data-camera="${residentCamera}"]`)
  await expect(card).toHaveAttribute('data-sharing', 'sharing')
  await expect(card.locator('[data-ask=withdraw]')).toBeInViewport({ ratio: 1 })
  await my.screenshot({ path: info.outputPath('my.png') })
  await card.locator('[data-ask=withdraw]').click()
  await expect(my.getByRole('dialog').locator('li').first()).toBeVisible()
  const [yes, no] = await my.getByRole('dialog').locator('button.choice').all()
  expect(await yes!.boundingBox().then((b) => [b!.width, b!.height])).toEqual(await no!.boundingBox().then((b) => [b!.width, b!.height]))
  const asked = Date.now()
  await yes!.click()
  await expect(tile).toHaveAttribute('data-state', 'withdrawn', { timeout: 10_000 })
  const took = Date.now() - asked
  await expect(tile.locator('video')).toBeHidden()
  info.annotations.push({ type: 'withdrawal to covered tile', description: `${took} ms` })
  expect(took).toBeLessThan(2000)
  await expect(card).toHaveAttribute('data-sharing', 'stopped')

  await card.locator('[data-ask=give]').click()
  await my.locator('[data-do=give]').click()
  await expect(card).toHaveAttribute('data-sharing', /sharing|resting/)
  await expect(tile).toHaveAttribute('data-state', 'live', { timeout: 30_000 })
  await card.locator('[data-pause="1"]').click()
  await my.locator('[data-do=pause]').click()
  await expect(card).toHaveAttribute('data-sharing', 'paused')
  await expect(tile).toHaveAttribute('data-state', 'paused', { timeout: 10_000 })
  await card.locator('[data-ask=resume]').click()
  await expect(card).toHaveAttribute('data-sharing', /sharing|resting/)
  expect([...watch.faults, ...myWatch.faults]).toEqual([])
  await phone.close()
})

test('a clip plays once its reason is named', async ({ page }) => {
  const watch = new Watch(page)
  await signIn(page, dispatcher, '/wall')
  const plays = page.locator('[data-event]').getByRole('button', { name: '播放录像' })
  await expect(plays.first()).toBeVisible({ timeout: 80_000 })
  const dialog = page.getByRole('dialog')
  const denied = dialog.locator('[data-denied]')
  const video = dialog.locator('video')
  // Of no video, too: it goes the moment a denial comes.
  const decoded = () => video.evaluateAll((list) => Math.max(0, ...list.map((v) => (v as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames)))
  // Some clips may be denied to this very officer, who lives nearby: with words.
  for (let i = 0; i < 12; i++) {
    await plays.nth(i).click()
    if (i === 0) {
      await dialog.locator('select[name=under]').selectOption('new')
      await dialog.locator('input[name=title]').fill('测试案件')
      await dialog.getByRole('button', { name: '继续' }).click()
    }
    await expect.poll(async () => (await denied.count()) > 0 || (await decoded()) > 5, {
      message: 'played or denied with words', timeout: 40_000,
    }).toBe(true)
    if ((await denied.count()) === 0) break
    expect((await denied.innerText()).length).toBeGreaterThan(10)
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  }
  await expect.poll(decoded, { message: 'pictures of the clip decoded' }).toBeGreaterThan(10)
  expect(watch.faults).toEqual([])
})

test('without WebRTC the wall goes on over Media Source', async ({ page }) => {
  const watch = new Watch(page)
  await page.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'))
  await signIn(page, dispatcher, '/wall')
  const live = page.locator('[data-state=live][data-transport=mse]').first()
  await expect(live).toBeVisible({ timeout: 40_000 })
  const tile = `[data-camera="${await live.getAttribute('data-camera')}"]`
  const before = await frames(page, tile)
  await expect.poll(() => frames(page, tile), { message: 'pictures decoded' }).toBeGreaterThan(before + 20)
  // Buttons work beside the pictures, however few connections there are.
  await page.locator('[data-event]').getByRole('button', { name: '已看' }).first().click({ timeout: 80_000 })
  await page.getByRole('button', { name: '全部', exact: true }).click()
  await expect(page.locator('[data-event].done').first()).toBeVisible()
  expect(watch.faults).toEqual([])
})

test('the administrator sees how it does, and no picture', async ({ page }) => {
  const watch = new Watch(page)
  await signIn(page, administrator, '/system')
  await expect(page.locator('tbody tr').first()).toBeVisible()
  await page.goto('/wall')
  await expect(page).toHaveURL(/not-yours/)
  await expect(page.locator('video')).toHaveCount(0)
  expect(watch.faults).toEqual([])
})
