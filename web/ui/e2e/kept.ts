import { expect, type Browser, type Locator, type Page, type TestInfo } from '@playwright/test'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'

/**
 * Pictures that are kept, to notice an accidental change. Other fonts draw
 * other pictures, so the ones here must be those of the kept pictures
 * (Debian's, which the tests' set-up installs).
 * After a change on purpose: npm run pictures, and look at them.
 */
const fontsFile = join(import.meta.dirname, 'pictures', 'fonts.json')
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

export interface View {
  language: 'zh-CN' | 'en'
  scheme: 'light' | 'dark'
  width?: number
  height?: number
}

/** A page whose every request is answered by a folder's files, as one page where there is no such file. */
export async function opened(browser: Browser, origin: string, folder: string, v: View): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: v.width ?? 390, height: v.height ?? 844 }, locale: v.language, colorScheme: v.scheme, timezoneId: 'Asia/Shanghai', deviceScaleFactor: 1, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.route(origin + '/**', (route) => {
    const path = join(folder, new URL(route.request().url()).pathname)
    const file = existsSync(path) && statSync(path).isFile() ? path : existsSync(join(path, 'index.html')) ? join(path, 'index.html') : join(folder, 'index.html')
    return route.fulfill({ body: readFileSync(file), contentType: types[extname(file)] ?? 'application/octet-stream' })
  })
  return page
}

const updates = (info: TestInfo) => ['all', 'changed'].includes(info.config.updateSnapshots)

/** Whether this machine's fonts are those of the kept pictures; where they must be (SHOUWANG_CI), others fail. */
export async function sameFonts(page: Page, info: TestInfo): Promise<boolean> {
  const fonts = await page.evaluate(() => {
    const c = document.createElement('canvas').getContext('2d')!
    return ['16px', 'bold 16px'].flatMap((size) => ['谁看过您的摄像头？', 'Who looked through your camera?'].map((text) => {
      c.font = `${size} ${getComputedStyle(document.body).fontFamily}`
      return Math.round(c.measureText(text).width * 10) / 10
    }))
  })
  if (updates(info)) {
    mkdirSync(dirname(fontsFile), { recursive: true })
    writeFileSync(fontsFile, JSON.stringify(fonts) + '\n')
  }
  const same = JSON.stringify(fonts) === readFileSync(fontsFile, 'utf8').trim()
  if (!same) console.log(`other fonts here (${fonts.join(', ')}): pictures kept as artefacts, not compared`)
  if (process.env.SHOUWANG_CI === '1') expect(same, 'the fonts that the set-up installs').toBe(true)
  return same
}

/** Compares with the kept picture: anti-aliasing may differ, a word or a colour may not. */
export async function compare(what: Page | Locator, name: string) {
  const how = { threshold: 0.2, maxDiffPixels: 60, animations: 'disabled', caret: 'hide' } as const
  await ('goto' in what ? expect(what).toHaveScreenshot(name + '.png', how) : expect(what).toHaveScreenshot(name + '.png', how))
}
