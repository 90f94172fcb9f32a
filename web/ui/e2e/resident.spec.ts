import { expect, test, type Browser, type Locator, type Page } from '@playwright/test'
import { dispatcher, signIn, Watch } from './people'
import enAll from '../src/i18n/en/common.json' with { type: 'json' }
import en from '../src/i18n/en/join.json' with { type: 'json' }
import zhAll from '../src/i18n/zh-CN/common.json' with { type: 'json' }
import zh from '../src/i18n/zh-CN/join.json' with { type: 'json' }

/**
 * A resident on a phone, from the invitation to the withdrawal, in each
 * language with its own invitation and camera. cmd/e2e says which in
 * INVITATIONS: {"zh-CN": {camera, path}, "en": …, "no": …}.
 */
const invitations = JSON.parse(process.env.INVITATIONS ?? '{}') as Record<string, { camera: string; path: string }>
test.skip(!process.env.INVITATIONS, 'cmd/e2e runs this story: it needs INVITATIONS')
test.setTimeout(150_000)

/** The most steps that a yes may take. */
const most = 9

/** Counts what a person does: an address opened, a tap, a field filled in. */
class Steps {
  n = 0
  private readonly page: Page
  constructor(page: Page) {
    this.page = page
  }
  async open(path: string) {
    this.n++
    await this.page.goto(path)
  }
  async tap(what: Locator) {
    this.n++
    await what.tap()
  }
  async fill(what: Locator, text: string) {
    this.n++
    await what.fill(text)
  }
}

async function phone(browser: Browser, locale: string) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale, hasTouch: true, isMobile: true, ignoreHTTPSErrors: true })
  const page = await context.newPage()
  return { context, page, watch: new Watch(page), act: (name: string) => page.locator(`[data-do=${name}]`) }
}

const sameSize = async (a: Locator, b: Locator) => {
  const [x, y] = [await a.boundingBox(), await b.boundingBox()]
  expect([x!.width, x!.height]).toEqual([y!.width, y!.height])
}

/**
 * A finger's way over the screen, by touch events that the browser itself turns
 * into pointers. It takes a tenth of a second from point to point: a finger that
 * leaves at full speed is a fling to Chromium, which swallows the tap after it.
 */
async function draw(page: Page, way: [number, number][]) {
  const cdp = await page.context().newCDPSession(page)
  let timestamp = Date.now() / 1000 - (way.length + 1) / 10
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: { x: number; y: number }[]) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints, timestamp: (timestamp += 0.1) })
  for (const [i, [x, y]] of way.entries()) await send(i ? 'touchMove' : 'touchStart', [{ x, y }])
  await send('touchEnd', [])
  await cdp.detach()
}

for (const [language, words] of [['zh-CN', zh], ['en', en]] as const) {
  test(`a resident joins, masks, sets hours, sees who looked, withdraws: ${language}`, async ({ browser }, info) => {
    const { camera, path } = invitations[language]!
    const { context, page, watch, act } = await phone(browser, language)
    const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}-${language}.png`) })
    const steps = new Steps(page)

    // Joining: read, choose, sign.
    await steps.open(path)
    await expect(page.locator('html')).toHaveAttribute('lang', language)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(words.join.title)
    await expect(page.locator('[data-notice]')).toHaveAttribute('data-hash', /^sha256:/)
    await shot('join-read')
    await sameSize(act('go-on'), act('no'))
    await steps.tap(act('go-on'))
    await steps.tap(page.locator('[data-choose=asked]'))
    await shot('join-choose')
    await sameSize(act('go-on'), act('no'))
    await steps.tap(act('go-on'))
    await steps.fill(page.locator('input[name=name]'), language === 'en' ? 'Li Xiulan' : '李秀兰')
    const login = `owner-${language.toLowerCase()}`
    await steps.fill(page.locator('input[name=login]'), login)
    const password = 'vier-Haelften-Apfel-7'
    await steps.fill(page.locator('input[name=password]'), password)
    await steps.tap(page.locator('input[name=cohabitants]'))
    await shot('join-sign')
    await sameSize(act('give'), act('no'))
    await steps.tap(act('give'))
    await expect(page.locator('main')).toHaveAttribute('data-stage', 'given')
    const given = steps.n
    await shot('join-given')
    await act('to-my').tap()
    const card = page.locator(`article[data-camera="${camera}"]`)
    await expect(card).toHaveAttribute('data-sharing', /sharing|resting/)
    await expect(card.locator('[data-ask=withdraw]')).toBeInViewport({ ratio: 1 })
    await shot('my')

    // Masks, with a finger on a still of the own picture.
    await card.locator('[data-way=masks]').tap()
    await expect(page.locator('[data-still=taken]')).toBeVisible({ timeout: 40_000 })
    const box = (await page.locator('.picture').boundingBox())!
    const spot = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height]
    const side = (n: number) => Array.from({ length: 12 }, (_, i) => i / 12 * 0.4 + n)
    await draw(page, [...side(0.3).map((x) => spot(x, 0.25)), ...side(0.25).map((y) => spot(0.7, y)), ...side(0.3).reverse().map((x) => spot(x, 0.65)), ...side(0.25).reverse().map((y) => spot(0.3, y))])
    await expect(page.locator('[data-area]')).toHaveCount(1)
    await shot('masks')
    await act('preview').tap()
    await shot('masks-preview')
    await act('preview').tap()
    await act('save').tap()
    await expect(page.locator('[data-saved]')).toBeVisible()
    await page.reload()
    await expect(page.locator('[data-area]')).toHaveCount(1)

    // Hours: a ready-made week, then a stroke over Sunday morning.
    await page.goto(`/my/${camera}/hours`)
    await page.locator('[data-preset=workdays]').tap()
    const from = (await page.locator('[data-slot=sun-08]').boundingBox())!
    const to = (await page.locator('[data-slot=sun-11]').boundingBox())!
    await draw(page, [[from.x + 9, from.y + 9], [from.x + 9, (from.y + to.y) / 2], [to.x + 9, to.y + 9]])
    await expect(page.locator('[data-slot][aria-selected=true]')).toHaveCount(54)
    await shot('hours')
    await act('save').tap()
    await expect(page.locator('[data-saved]')).toBeVisible()
    await page.locator('[data-preset=asked], [data-preset=always]').first().tap()
    await act('save').tap()
    await expect(page.locator('[data-effect]')).toBeHidden()

    // Somebody looks, for a reason; the owner reads who, and checks it.
    const desk = await browser.newContext({ locale: language, ignoreHTTPSErrors: true })
    const wall = await desk.newPage()
    await signIn(wall, dispatcher, '/wall')
    const opened = await wall.request.post('/api/incidents', { data: { type: 'fire', camera, text: 'smoke', minutes: 5 } })
    expect(opened.status(), await opened.text()).toBeLessThan(300)
    await expect(wall.locator(`[data-camera="${camera}"]`)).toHaveAttribute('data-state', 'live', { timeout: 40_000 })
    await page.goto(`/my/${camera}/looks`)
    const looked = page.locator('[data-look]').filter({ hasText: /陈静|Chen/ })
    await expect(looked.first()).toBeVisible()
    await expect(looked.first()).toHaveAttribute('data-proof', 'checked', { timeout: 30_000 })
    await expect(page.locator('[data-verdict]')).toHaveAttribute('data-verdict', 'checked')
    await shot('looks')
    await page.locator('[data-ask=complain]').tap()
    await page.locator('select[name=look]').selectOption((await looked.first().getAttribute('data-look'))!)
    const complaint = language === 'en' ? 'There was no fire.' : '当时没有火灾。'
    await page.fill('textarea[name=text]', complaint)
    await shot('complain')
    await act('complain').tap()
    await expect(page.locator('[data-complained]')).toBeVisible()
    await expect(page.locator('[data-complaint]')).toContainText(complaint)
    await page.locator('[data-complaint]').scrollIntoViewIfNeeded()
    await shot('complained')

    // Stopping, signed out and from nothing, in no more steps than the yes took.
    await context.clearCookies()
    const back = new Steps(page)
    await back.open('/my')
    await back.fill(page.locator('input[name=name]'), login)
    await back.fill(page.locator('input[name=password]'), password)
    await back.tap(page.locator('form button.main:not(.small)'))
    await back.tap(card.locator('[data-ask=withdraw]'))
    await expect(page.getByRole('dialog').locator('li').first()).toBeVisible()
    const [yes, no] = await page.getByRole('dialog').locator('button.choice').all()
    await sameSize(yes!, no!)
    await shot('withdraw')
    await back.tap(yes!)
    await expect(card).toHaveAttribute('data-sharing', 'stopped')
    await expect(wall.locator(`[data-camera="${camera}"]`)).toHaveAttribute('data-state', 'withdrawn', { timeout: 10_000 })
    await card.locator('[data-do=receipt]').tap()
    await expect(page.getByRole('dialog').locator('dl')).toBeVisible()
    await expect(page.locator('[data-code]')).not.toHaveJSProperty('naturalWidth', 0)
    for (const [file, kind] of [['pdf', 'application/pdf'], ['note', 'text/plain']] as const) {
      const paper = await page.request.get((await act(file).getAttribute('href'))!)
      expect([paper.status(), paper.headers()['content-type']]).toEqual([200, expect.stringContaining(kind)])
    }
    await shot('receipt')
    info.annotations.push({ type: 'steps', description: `${given} to give, ${back.n} to withdraw` })
    console.log(`steps (${language}): ${given} to give, ${back.n} to withdraw`)
    expect(given).toBeLessThanOrEqual(most)
    expect(back.n).toBeLessThanOrEqual(given)
    expect(watch.faults).toEqual([])
    await desk.close()
    await context.close()
  })
}

for (const [language, texts] of [['zh-CN', zhAll], ['en', enAll]] as const) {
  test(`a taken name and a password easily guessed are said where they are: ${language}`, async ({ browser }, info) => {
    const { context, page, act } = await phone(browser, language)
    await page.goto(invitations.no!.path)
    await act('go-on').tap()
    await page.locator('[data-choose=asked]').tap()
    await act('go-on').tap()
    await page.fill('input[name=name]', 'Li Xiulan')
    await page.locator('input[name=cohabitants]').tap()
    for (const [field, login, password, code, said] of [['password', 'li-2', 'password1234', 'weak_password', texts.fault.password.common], ['login', 'li', 'vier-Haelften-Apfel-7', 'login_taken', texts.error.login_taken]] as const) {
      await page.fill('input[name=login]', login)
      await page.fill('input[name=password]', password)
      await act('give').tap()
      await expect(page.locator(`[data-wrong=${field}]`)).toHaveText(said)
      await expect(page.locator(`input[name=${field}]`)).toBeFocused()
      await expect(page.getByRole('alert')).toHaveCount(1)
      await page.screenshot({ path: info.outputPath(`${code}-${language}.png`) })
    }
    await context.close()
  })
}

test('a no is as near as a yes, and final', async ({ browser }, info) => {
  const { context, page, watch, act } = await phone(browser, 'zh-CN')
  const steps = new Steps(page)
  await steps.open(invitations.no!.path)
  await steps.tap(act('no'))
  await steps.tap(act('refuse'))
  await expect(page.locator('main')).toHaveAttribute('data-stage', 'refused')
  await page.screenshot({ path: info.outputPath('refused.png') })
  expect(steps.n).toBeLessThanOrEqual(3)
  await page.reload()
  await expect(page.locator('[data-closed]')).toBeVisible()
  await page.goto('/join/nobody-gave-this-token')
  await expect(page.getByRole('alert')).toContainText(zh.join.unknown)
  expect(watch.faults).toEqual([])
  await context.close()
})
