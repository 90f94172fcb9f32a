import { expect, type Page } from '@playwright/test'

/** Name and password of somebody who may sign in, from the environment. */
export function person(variable: string, fallback: string): { name: string; password: string } {
  const [name, ...rest] = (process.env[variable] ?? fallback).split(':')
  return { name: name!, password: rest.join(':') }
}

export const dispatcher = person('DISPATCHER', 'chen:shouwang-demo')
export const resident = person('RESIDENT', 'li:shouwang-demo')
export const administrator = person('ADMINISTRATOR', 'ops:shouwang-demo')
export const kiosk = person('KIOSK', 'wall-1:shouwang-demo')
/** Where a call button calls, and its token; '' where none is registered. */
export const button = { path: '/api/hooks/sos/' + (process.env.SOS_BUTTON ?? 'li-bedside'), token: process.env.SOS_TOKEN ?? '' }
/** A camera that is on the network and in no register yet. */
export const spare = { address: process.env.SPARE ?? 'rtsp://127.0.0.1:8557/spare', user: 'tech', password: 'sesame-of-the-spare' }
/** The resident's camera whose sharing the stories change. */
export const residentCamera = process.env.RESIDENT_CAMERA ?? 'door-17'

const own = 'ein-eigenes-Passwort-9'

/** What the page did that it must not: other hosts, refused policy, uncaught errors. */
export class Watch {
  readonly faults: string[] = []

  constructor(page: Page, base = process.env.BASE_URL ?? 'https://127.0.0.1:8086') {
    const host = new URL(base).host
    page.on('request', (r) => {
      const url = new URL(r.url())
      if (/^https?:$/.test(url.protocol) && url.host !== host) this.faults.push('asked another host: ' + r.url())
    })
    page.on('pageerror', (e) => this.faults.push('uncaught: ' + e.message))
    page.on('console', (m) => {
      if (/content security policy|violates the following/i.test(m.text())) this.faults.push(m.text())
    })
  }
}

/** Signs in; somebody's first password is replaced first, once. */
export async function signIn(page: Page, who: { name: string; password: string }, home: string) {
  await page.goto('/sign-in')
  await page.fill('input[name=name]', who.name)
  await page.fill('input[name=password]', who.password)
  await page.click('form button.main:not(.small)')
  await expect(page).not.toHaveURL(/sign-in/)
  if (page.url().endsWith('/password')) {
    await page.fill('input[name=old]', who.password)
    await page.fill('input[name=new]', own)
    await page.fill('input[name=again]', own)
    await page.click('form button.main:not(.small)')
    who.password = own
  }
  await expect(page).toHaveURL(new RegExp(home + '$'))
}

/** The pictures that a tile has decoded so far. */
export async function frames(page: Page, tile: string): Promise<number> {
  return page.locator(`${tile} video`).evaluate((v: HTMLVideoElement) => v.getVideoPlaybackQuality().totalVideoFrames)
}
