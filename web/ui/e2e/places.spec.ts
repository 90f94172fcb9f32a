import { expect, test } from '@playwright/test'
import { administrator, signIn, Watch } from './people'

const words = { 'zh-CN': { way: '地点', kind: '网格' }, en: { way: 'Places', kind: 'Grid' } } as const

for (const lang of ['zh-CN', 'en'] as const) {
  test.describe(lang, () => {
    test.use({ locale: lang, viewport: { width: 1440, height: 900 } })

    test('an administrator changes the tree alone where nobody sees more, and proposes the rest', async ({ page }, info) => {
      const watch = new Watch(page)
      const id = 'lane-' + lang.slice(0, 2).toLowerCase()
      await signIn(page, administrator, '/system')
      await page.getByRole('link', { name: words[lang].way, exact: true }).click()
      const sheet = page.getByRole('dialog')
      const place = (id: string) => page.locator(`[data-place="${id}"]`)

      // A new place gives nobody more; what is wrong with it is said where it is.
      await place('east-village').locator('[data-do=add-under]').click()
      await sheet.locator('[data-do=plan]').click()
      await expect(sheet.locator('[data-fault]')).toHaveCount(3)
      await expect(sheet.locator('input[name=id]')).toBeFocused()
      await sheet.locator('input[name=id]').fill('Lane 4')
      await sheet.locator('input[name=name]').fill('巷 ' + lang)
      await sheet.locator('input[name=kind]').fill('grid')
      await sheet.locator('[data-do=plan]').click()
      await expect(sheet.locator('[data-fault]')).toHaveCount(1)
      await expect(sheet.locator('[data-fault=id]')).toContainText('lane-4')
      await sheet.locator('input[name=id]').fill(id)
      await sheet.locator('[data-do=plan]').click()
      await expect(sheet.locator('[data-change=added]')).toContainText(words[lang].kind)
      await expect(sheet.locator('[data-no-gains]')).toBeVisible()
      await sheet.locator('[data-do=change]').click()
      await sheet.locator('[data-done] button.main').click()
      await expect(place(id)).toContainText('巷 ' + lang)

      // A house with cameras cannot go.
      await place('house-12').locator('[data-do=remove]').click()
      await expect(sheet.locator('[data-code=camera]').first()).toBeVisible()
      await expect(sheet.locator('[data-do=change]')).toHaveCount(0)
      await page.keyboard.press('Escape')

      // Another grid's officer would answer for its cameras: that takes two people.
      await place('house-12').locator('[data-do=edit]').click()
      await sheet.locator('select[name=parent]').selectOption('grid-9')
      await sheet.locator('[data-do=plan]').click()
      await expect(sheet.locator('[data-gains]')).toBeVisible()
      await page.screenshot({ path: info.outputPath(`gives-${lang}.png`) })
      await sheet.locator('textarea[name=reason]').fill('handed over')
      await sheet.locator('[data-do=change]').click()
      await expect(sheet.locator('[data-proposed]')).toBeVisible()
      await sheet.locator('[data-done] button.main').click()
      const card = page.locator('[data-proposal][data-state=asked]')
      await expect(card.locator('[data-change=moved]')).toBeVisible()
      await card.locator('button').click() // taken back
      await expect(card).toHaveCount(0)

      // What was added can go; a file is looked at before it is read.
      await place(id).locator('[data-do=remove]').click()
      await sheet.locator('[data-do=change]').click()
      await sheet.locator('[data-done] button.main').click()
      await expect(place(id)).toHaveCount(0)
      await page.locator('[data-do=import]').click()
      await sheet.locator('input[name=file]').setInputFiles({ name: 'town.yaml', mimeType: 'text/plain', buffer: Buffer.from('places:\n  - {id: zhanyi, kind: district, parent: "", nam: x}\n') })
      await sheet.locator('[data-do=plan]').click()
      await expect(sheet.locator('[data-fault=file]')).toContainText('line 2')
      expect(watch.faults).toEqual([])
    })
  })
}
