import { expect, test, type Browser, type CDPSession, type Page } from '@playwright/test'
import { administrator, person, resident, signIn, Watch } from './people'
import zh from '../src/i18n/zh-CN/touch.json' with { type: 'json' }

/**
 * Signing in by touch, in a browser that has a virtual phone: at localhost, since
 * browsers give keys to names and not to numbers.
 */
const base = (process.env.BASE_URL ?? 'http://127.0.0.1:8086').replace('127.0.0.1', 'localhost')
const oversight = person('OVERSIGHT', 'audit:shouwang-demo')
test.setTimeout(120_000)

/** A browser with a device in it that has a screen lock. */
async function device(browser: Browser, options: Parameters<Browser['newContext']>[0]) {
  const context = await browser.newContext({ baseURL: base, ignoreHTTPSErrors: true, ...options })
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return { context, page, cdp, authenticatorId, watch: new Watch(page, base) }
}

/** Gives the device's only key another counter, as a copy of it would have. */
async function count(cdp: CDPSession, authenticatorId: string, to: (was: number) => number): Promise<number> {
  const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  const credential = credentials[0]!
  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId })
  await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: to(credential.signCount) } })
  return credential.signCount
}

/** Signs out, and has the sign-in page ask for the password first again. */
async function byPassword(page: Page) {
  await page.context().clearCookies()
  await page.evaluate(() => localStorage.clear())
}

const act = (page: Page, name: string) => page.locator(`[data-do=${name}]`)

test('a resident signs in by touch, and not with a copy, elsewhere, or once it is removed', async ({ browser }, info) => {
  const { context, page, cdp, authenticatorId, watch } = await device(browser, { viewport: { width: 390, height: 844 }, locale: 'zh-CN', hasTouch: true, isMobile: true })
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`) })
  await signIn(page, resident, '/my')
  await page.locator('[data-my-touch] > summary').tap()
  await act(page, 'add-key').tap()
  await expect(page.locator('[data-key]')).toHaveCount(1)
  await page.locator('[data-my-touch]').scrollIntoViewIfNeeded()
  await shot('added')
  await page.locator('input[name=key-name]').fill('红色手机')
  await page.locator('input[name=key-name]').blur()
  await expect(page.getByText(zh.touch.renamed)).toBeVisible()

  // Out, and in again with one tap.
  await context.clearCookies()
  await page.goto('/sign-in')
  await shot('sign-in')
  await act(page, 'touch').tap()
  await expect(page).toHaveURL(/\/my$/)

  // Who takes the finger away reads that nothing happened.
  await context.clearCookies()
  await page.goto('/sign-in')
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await act(page, 'touch').tap()
  await expect(page.getByRole('alert')).toHaveText(zh.touch.not.cancelled)
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })

  // A copy counts from where it was made.
  const was = await count(cdp, authenticatorId, () => 0)
  await act(page, 'touch').tap()
  await expect(page.getByRole('alert')).toHaveText(zh.touch.not.copied)
  await shot('copied')
  await count(cdp, authenticatorId, () => was + 10)

  // A page that looks like ours, elsewhere: the phone has a key for it, and what it signs is not taken.
  const ask = await (await page.request.post('/api/session/passkey/ask', { headers: { Origin: base } })).json()
  const elsewhere = base.replace(/:\d+/, ':9')
  await page.route(elsewhere + '/**', (r) => r.fulfill({ contentType: 'text/html', body: '<!doctype html><title>x</title>' }))
  await page.goto(elsewhere + '/sign-in')
  const stolen = await page.evaluate(async ({ challenge, site_id }) => {
    const bytes = (s: string) => Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
    const text = (b: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
    const got = (await navigator.credentials.get({ publicKey: { challenge: bytes(challenge), rpId: site_id, userVerification: 'required' } })) as PublicKeyCredential
    const r = got.response as AuthenticatorAssertionResponse
    return { id: text(got.rawId), response: { clientDataJSON: text(r.clientDataJSON), authenticatorData: text(r.authenticatorData), signature: text(r.signature), userHandle: text(r.userHandle!) } }
  }, ask)
  const answer = await page.request.post('/api/session/passkey', { data: stolen, headers: { Origin: base } })
  expect([answer.status(), (await answer.json()).faults]).toEqual([401, [{ field: 'passkey', why: 'invalid' }]])

  // At a number no key is offered.
  await page.goto(base.replace('localhost', '127.0.0.1') + '/sign-in')
  await expect(page.locator('input[name=password]')).toBeVisible()
  await expect(act(page, 'touch')).toHaveCount(0)

  // Removed: at once, and the phone reads why it opens nothing.
  await page.goto('/sign-in')
  await act(page, 'touch').tap()
  await expect(page).toHaveURL(/\/my$/)
  await page.locator('[data-my-touch] > summary').tap()
  await expect(page.locator('input[name=key-name]')).toHaveValue('红色手机')
  await act(page, 'remove-key').tap()
  await page.locator('[data-my-touch]').scrollIntoViewIfNeeded()
  await shot('remove')
  await act(page, 'remove-key-yes').tap()
  await expect(page.locator('[data-key]')).toHaveCount(0)
  await context.clearCookies()
  await page.goto('/sign-in')
  await act(page, 'touch').tap()
  await expect(page.getByRole('alert')).toHaveText(zh.touch.not.unknown)
  await shot('unknown')
  expect(watch.faults.filter((f) => !f.includes(elsewhere) && !f.includes('127.0.0.1'))).toEqual([])
  await context.close()
})

test('the oversight signs with a touch where a code was asked for', async ({ browser }, info) => {
  const ops = await browser.newContext({ baseURL: base, locale: 'en' })
  const proposer = await ops.newPage()
  await signIn(proposer, administrator, '/system')
  const proposed = await proposer.request.post('/api/people/officer:hu/sign-in', { data: { login: 'hu-2', reason: 'a second way in' }, headers: { Origin: base } })
  expect(proposed.status(), await proposed.text()).toBe(200)
  const { id } = await proposed.json()
  await ops.close()

  const { context, page, watch } = await device(browser, { viewport: { width: 1440, height: 900 }, locale: 'en' })
  await signIn(page, oversight, '/office/complaints')
  await page.goto('/factor?to=/office/people')
  await act(page, 'add-key').click()
  await expect(page.locator('[data-key]')).toHaveCount(1)
  await page.screenshot({ path: info.outputPath('factor.png') })

  // Another day, by password: the signature asks for the factor, and a touch is one.
  await byPassword(page)
  await signIn(page, oversight, '/office/complaints')
  await page.goto('/office/people')
  const card = page.locator(`[data-proposal="${id}"]`)
  await card.locator('[data-answer=sign]').click()
  await expect(page.getByRole('dialog').locator('[data-do=touch]')).toBeVisible()
  await page.screenshot({ path: info.outputPath('show.png') })
  await page.getByRole('dialog').locator('[data-do=touch]').click()
  await expect(page.locator('input[name=code]')).toHaveCount(0)
  await page.getByRole('dialog').locator('button').last().click() // the link was handed over
  await expect(card).toHaveAttribute('data-state', 'signed')

  // The last factor is not taken away by a password alone.
  await byPassword(page)
  await signIn(page, oversight, '/office/complaints')
  await page.goto('/factor')
  await act(page, 'remove-key').click()
  await act(page, 'remove-key-yes').click()
  await page.getByRole('dialog').locator('[data-do=touch]').click()
  await expect(page.locator('[data-key]')).toHaveCount(0)
  expect(watch.faults).toEqual([])
  await context.close()
})
