import { expect, test } from '@playwright/test'
import { administrator, person, signIn, Watch } from './people'

const oversight = person('OVERSIGHT', 'audit:shouwang-demo')
const words = {
  'zh-CN': { taken: '已经有人用这个短名了', login: '请换一个', roles: '请至少选一个角色', marked: '有 4 处已标出', signer: '监督员', denied: '这一页是给别人用的', imported: '读入了一份乡镇文件' },
  en: { taken: 'Somebody has this short name already', login: 'Choose another', roles: 'Choose at least one role', marked: '4 fields are marked', signer: 'Oversight', denied: 'This page is for other people', imported: 'Read a township file' },
} as const

for (const lang of ['zh-CN', 'en'] as const) {
  test.describe(lang, () => {
    test.use({ locale: lang, viewport: { width: 1440, height: 900 } })
    const say = words[lang]

    test('the form of a person says at each field what is wrong with it', async ({ page }, info) => {
      const watch = new Watch(page)
      await signIn(page, administrator, '/system')
      await page.goto('/system/people')
      await page.locator('[data-add]').click()
      const sheet = page.getByRole('dialog')
      const save = sheet.locator('[data-do=save]')
      await save.click()
      await expect(sheet.locator('[data-faults]')).toContainText(say.marked)
      await expect(sheet.locator('fieldset[data-fault=roles]')).toContainText(say.roles)
      await expect(sheet.locator('input[name=short]')).toBeFocused()
      await page.screenshot({ path: info.outputPath(`faults-${lang}.png`) })

      // Somebody's names are taken; the rest is in order.
      await sheet.locator('input[name=short]').fill('chen')
      await sheet.locator('input[name=name]').fill('吴')
      await sheet.locator('input[value=approver]').check()
      await sheet.locator('input[name=reason]').fill('joins the team')
      await save.click()
      await expect(sheet.locator('p[data-fault=id]')).toContainText(say.taken)
      await expect(sheet.locator('[aria-invalid=true]')).toHaveCount(1)
      await sheet.locator('input[name=short]').fill('wu-' + lang.slice(0, 2).toLowerCase())
      await sheet.locator('input[name=login]').fill('chen')
      await save.click()
      await expect(sheet.locator('p[data-fault=login]')).toContainText(say.login)
      await sheet.locator('input[name=login]').fill('')
      await save.click()

      // Who proposes reads who signs, and where; there, they read that it is not for them.
      await expect(sheet.locator('[data-proposed]')).toBeVisible()
      await expect(sheet.locator('[data-who-signs]')).toContainText(say.signer)
      await sheet.locator('[data-sign-tab]').click()
      await expect(page.getByRole('heading', { level: 1 })).toHaveText(say.denied)
      await page.goto('/system/people')
      const card = page.locator('[data-proposal][data-state=asked]')
      await card.locator('button').click() // taken back
      await expect(card).toHaveCount(0)
      expect(watch.faults).toEqual([])
    })

    test('the oversight reads what was done with commands at the machine', async ({ page }, info) => {
      const watch = new Watch(page)
      await signIn(page, oversight, '/office/complaints')
      await page.locator('nav a[href="/office/machine"]').click()
      const row = page.locator('[data-act=place_import]').first()
      await expect(row).toContainText(say.imported)
      await expect(row.locator('code')).toHaveText(/^place import /)
      await page.screenshot({ path: info.outputPath(`machine-${lang}.png`) })
      expect(watch.faults).toEqual([])
    })
  })
}
