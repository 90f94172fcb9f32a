import { expect, test } from '@playwright/test'
import { administrator, residentCamera, signIn, spare, Watch } from './people'

test.describe.configure({ mode: 'serial' })

const words = {
  'zh-CN': { cameras: '摄像头', add: '添加摄像头', save: '测试并保存', wrong: '不接受这个用户名', factory: '出厂', done: '已保存', owner: '成为', close: '关闭', without: '没有：不分析' },
  en: { cameras: 'Cameras', add: 'Add a camera', save: 'Try and save', wrong: 'name or password', factory: 'delivered with', done: 'is saved', owner: 'as its owner', close: 'Close', without: 'None: nothing' },
} as const

for (const lang of ['zh-CN', 'en'] as const) {
  test.describe(lang, () => {
    test.use({ locale: lang, viewport: { width: 1440, height: 900 } })

    test('a technician adds a camera with a wrong password, then the right one', async ({ page }, info) => {
      const watch = new Watch(page)
      const say = words[lang]
      const id = 'spare-' + lang.slice(0, 2)
      const url = (login: string) => spare.address.replace('rtsp://', `rtsp://${login}@`)
      await signIn(page, administrator, '/system')
      await page.getByRole('link', { name: say.cameras, exact: true }).click()
      await page.getByRole('button', { name: say.add }).click()
      const form = page.getByRole('dialog')
      await form.locator('input[name=id]').fill(id)
      await form.locator('input[name=name]').fill('Spare ' + lang)
      await form.locator('input[name=owner]').fill('resident:li')
      await form.locator('input[name=url-main]').fill(url(spare.user + ':not-it'))
      await form.getByRole('button', { name: say.save }).click()
      await expect(form.getByRole('alert')).toContainText(say.wrong)
      await page.screenshot({ path: info.outputPath(`wrong-${lang}.png`) })

      // What the camera was delivered with is refused before anybody is asked.
      await form.locator('input[name=url-main]').fill(url('admin:12345'))
      await form.getByRole('button', { name: say.save }).click()
      await expect(form.getByRole('alert')).toContainText(say.factory)

      await form.locator('input[name=url-main]').fill(url(spare.user + ':' + spare.password))
      await form.getByRole('button', { name: say.save }).click()
      await expect(form).toContainText(say.done)
      await expect(form).toContainText('640×360')
      await page.screenshot({ path: info.outputPath(`saved-${lang}.png`) })
      await form.getByRole('button', { name: say.close }).click()
      const row = page.locator(`[data-camera="${id}"]`)
      await expect(row).toContainText(say.without)

      // Its set-up opens again, and is changed.
      await row.locator('button').first().click()
      await form.locator('input[name=name]').fill('Spare, back ' + lang)
      await form.getByRole('button', { name: say.save }).click()
      await expect(form).toContainText(say.done)
      await form.getByRole('button', { name: say.close }).click()
      await expect(row).toContainText('Spare, back ' + lang)

      // Whoever would reach more is named first; what was begun changes nothing.
      await page.locator(`[data-camera="${residentCamera}"] button`).first().click()
      await form.locator('input[name=owner]').fill('unit:township')
      await form.getByRole('button', { name: say.save }).click()
      await expect(form.locator('[data-gains]')).toContainText(say.owner)
      await page.screenshot({ path: info.outputPath(`gives-${lang}.png`) })
      await page.keyboard.press('Escape')
      await expect(page.locator(`[data-camera="${residentCamera}"]`)).not.toContainText('unit:township')
      // No page of a technician holds a password that was entered, or a picture.
      expect(await page.content()).not.toContain(spare.password)
      expect(await page.locator('video, canvas, img').count()).toBe(0)
      expect(watch.faults).toEqual([])
    })
  })
}
