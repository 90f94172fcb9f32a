import { expect, test, type Page } from '@playwright/test'
import { button, dispatcher, kiosk, residentCamera, signIn, Watch } from './people'

test.describe.configure({ mode: 'serial' })

const words = {
  'zh-CN': { open: '立即开立', answered: '正在处理', help: '求助', save: '保存', seen: '已看', send: '派人' },
  en: { open: 'Open now', answered: 'is caring for it', help: 'SOS', save: 'Save', seen: 'Seen', send: 'Send' },
} as const

async function firstEntry(page: Page) {
  const entry = page.locator('[data-event]').first()
  await expect(entry).toBeVisible({ timeout: 80_000 })
  return entry
}

/** Presses the call button as a device does. */
async function press(page: Page, id: string) {
  const answer = await page.request.post(button.path, { headers: { Authorization: 'Bearer ' + button.token }, data: { id, battery: 15 } })
  expect(answer.status()).toBe(202)
}

for (const lang of ['zh-CN', 'en'] as const) {
  test.describe(lang, () => {
    test.use({ locale: lang, viewport: { width: 1920, height: 1080 } })

    test('a dispatcher meets an event and opens an incident', async ({ page }, info) => {
      const watch = new Watch(page)
      await signIn(page, dispatcher, '/wall')
      const entry = await firstEntry(page)
      await page.screenshot({ path: info.outputPath(`wall-${lang}.png`) })
      // All of it by keys: choose the entry, send somebody, open an incident there.
      await page.keyboard.press('j')
      await expect(page.locator('[data-event].selected')).toHaveCount(1)
      await page.keyboard.press('g')
      const dialog = page.getByRole('dialog')
      await dialog.locator('[data-person]').first().click()
      await expect(dialog).toBeHidden()
      await expect(page.locator('[data-event] .mark').first()).toBeVisible()
      await page.keyboard.press('i')
      await page.fill('input[name=text]', `noise behind the house ${lang}`)
      await page.getByRole('button', { name: words[lang].open }).click()
      const bar = page.locator('[data-incident]', { hasText: `noise behind the house ${lang}` })
      await expect(bar).toBeVisible()
      await expect(bar.locator('[data-near]').first()).toBeVisible()
      await expect(bar.locator('.count')).toHaveText(/^1[45]:\d\d$/)
      await page.keyboard.press('n')
      await expect(dialog.locator(`[data-near]`).first()).toBeVisible()
      await page.screenshot({ path: info.outputPath(`incident-${lang}.png`) })
      await page.keyboard.press('Escape')
      await bar.locator('[data-act=close]').click()
      await expect(bar).toHaveCount(0)
      // What was seen leaves the list of what is new.
      const id = await entry.getAttribute('data-event')
      await page.locator(`[data-event="${id}"]`).getByRole('button', { name: words[lang].seen }).click()
      await expect(page.locator(`[data-event="${id}"]`)).toHaveCount(0)
      expect(watch.faults).toEqual([])
    })

    test('a call for help is heard, answered, opens an incident and is closed', async ({ page }, info) => {
      test.skip(button.token === '', 'no call button is registered: SOS_TOKEN names its token')
      const watch = new Watch(page)
      await signIn(page, dispatcher, '/wall')
      await expect(page.locator('.tile').first()).toBeVisible()
      for (let i = 0; i < 5; i++) await press(page, `${lang}-${info.retry}-${i}-${Date.now()}`)
      const call = page.locator('[data-call]')
      await expect(call).toHaveCount(1)
      await expect(call).toHaveAttribute('data-state', 'open')
      await page.screenshot({ path: info.outputPath(`sos-${lang}.png`) })
      await page.keyboard.press('a')
      await expect(call).toContainText(words[lang].answered)
      await page.keyboard.press('h')
      await page.getByRole('button', { name: words[lang].open }).click()
      const bar = page.locator('[data-incident]', { hasText: '李秀兰' })
      await expect(bar.locator(`[data-near="${residentCamera}"]`)).toHaveAttribute('data-shown', 'true')
      await expect(page.locator(`.tile[data-camera="${residentCamera}"]`)).toHaveAttribute('data-state', 'live', { timeout: 40_000 })
      await page.keyboard.press('e')
      await page.locator('[data-outcome=helped]').click()
      await expect(call).toHaveCount(0)
      await bar.locator('[data-act=close]').click()
      await expect(bar).toHaveCount(0)
      expect(watch.faults).toEqual([])
    })
  })
}

test('a wall is arranged by keys, saved, and shown by a screen at its address', async ({ page, browser }, info) => {
  const watch = new Watch(page)
  await signIn(page, dispatcher, '/wall')
  const order = () => page.locator('.tile').evaluateAll((list) => list.map((t) => (t as HTMLElement).dataset.camera!))
  await expect(page.locator('.tile').nth(1)).toBeVisible()
  const before = await order()
  await page.locator('.tile').first().click({ position: { x: 20, y: 60 } })
  // Where the other tile lies depends on what is lifted just now.
  for (const key of ['Down', 'Right', 'Up', 'Left']) {
    const saved = page.waitForResponse((r) => r.request().method() === 'PUT' && r.url().includes('/api/wall/layouts/'), { timeout: 3000 }).catch(() => undefined)
    await page.keyboard.press('Shift+Arrow' + key)
    const answer = await saved
    if (!answer) continue
    expect(answer.status()).toBe(200)
    break
  }
  await page.reload()
  await expect.poll(async () => (await order()).indexOf(before[0]!)).not.toBe(0)

  await page.keyboard.press('l')
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[name=address]').fill('left')
  await dialog.locator('input[name=name]').fill('左屏')
  await dialog.locator('input[name=shared]').check()
  await dialog.locator('select[name=show]').selectOption('both')
  await dialog.getByRole('button', { name: '保存' }).click()
  await expect(page).toHaveURL(/\/wall\/left$/)
  await expect(page.locator('.map')).toBeVisible()

  const screen = await browser.newContext({ viewport: { width: 1920, height: 1080 }, locale: 'zh-CN', ignoreHTTPSErrors: true })
  const wall = await screen.newPage()
  const wallWatch = new Watch(wall)
  await signIn(wall, kiosk, '/wall')
  await wall.goto('/wall/left')
  await expect(wall.locator('.bar')).toContainText('左屏')
  // An open incident lies over the camera that it is at, whose mark then makes room.
  await expect(wall.locator('.map .wall-mark').filter({ visible: true }).first()).toBeVisible({ timeout: 40_000 })
  await expect(wall.locator('.map [data-map-camera]').first()).toBeAttached()
  await expect(wall.locator('[data-act]')).toHaveCount(0)
  await wall.keyboard.press('i')
  await expect(wall.getByRole('dialog')).toHaveCount(0)
  await wall.screenshot({ path: info.outputPath('kiosk.png') })
  await wall.goto('/wall/nonsense')
  await expect(wall.locator('.notice.warn')).toContainText('nonsense')
  expect([...watch.faults, ...wallWatch.faults]).toEqual([])
  await screen.close()
})
