import { expect, test, type Page } from '@playwright/test'
import { dispatcher, signIn } from './people'
import { enrol } from './twopeople'

/** An officer whose department has an identity provider, told where it is by the environment. */
const provider = process.env.PROVIDER ?? ''
const password = process.env.PROVIDER_PASSWORD ?? ''
const code = process.env.PROVIDER_CODE ?? ''

/** Fills in the provider's own page. */
async function atTheProvider(page: Page) {
  await expect(page).toHaveURL(new RegExp('^' + provider))
  await page.fill('input[name=username]', dispatcher.name)
  await page.fill('input[name=password]', password)
  if (await page.locator('input[name=otp]').count()) await page.fill('input[name=otp]', code)
  await page.click('button')
}

test('in at the department, a factor there, and out at both', async ({ page, context }) => {
  // An authenticator is set up first, so that changing it asks for a factor.
  await signIn(page, dispatcher, '/wall')
  await page.goto('/factor')
  await enrol(page)
  await context.clearCookies()

  await page.goto('/sign-in?to=%2Fwall')
  await page.locator('a[href^="/api/session/oidc/start"]').click()
  await atTheProvider(page)
  await expect(page).toHaveURL(/\/wall$/)
  await expect(page.getByText('东入口').first()).toBeVisible({ timeout: 30_000 })
  await page.screenshot({ path: '../../test-artifacts/outside-wall.png' })

  await page.goto('/factor')
  await page.locator('.card button.main:not(.small)').click()
  const prove = page.locator('[data-do=prove]')
  await expect(prove).toBeVisible()
  await page.screenshot({ path: '../../test-artifacts/outside-factor.png' })
  const opens = page.waitForEvent('popup')
  await prove.click()
  const window = await opens
  await atTheProvider(window)
  await expect(page.locator('code.secret')).toBeVisible()
  await expect.poll(() => window.isClosed()).toBe(true)

  // Known at the provider, one is let in without a page.
  await context.clearCookies({ domain: '127.0.0.1', name: /^(?!department$)/ })
  await page.goto('/sign-in?to=%2Fwall')
  await page.locator('a[href^="/api/session/oidc/start"]').click()
  await expect(page).toHaveURL(/\/wall$/)

  await page.locator('[data-do=sign-out]').first().click()
  await expect(page).toHaveURL(/\/sign-in/)
  expect((await page.request.get('/api/session')).status()).toBe(401)
  await page.locator('a[href^="/api/session/oidc/start"]').click()
  await expect(page.locator('input[name=username]')).toBeVisible()
})
