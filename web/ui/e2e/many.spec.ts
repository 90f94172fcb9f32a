import { expect, test } from '@playwright/test'
import { signIn, Watch } from './people'

/** An owner of forty cameras at a desk. cmd/e2e says who in SHOP: name:password. */
test.skip(!process.env.SHOP, 'cmd/e2e runs this story: it needs SHOP')

test('an owner of forty cameras bulk-edits', async ({ page }, info) => {
  const [name, ...rest] = process.env.SHOP!.split(':')
  const watch = new Watch(page)
  await page.setViewportSize({ width: 1440, height: 900 })
  await signIn(page, { name: name!, password: rest.join(':') }, '/my')
  await page.goto('/my/list')
  const rows = page.locator('tbody tr')
  await expect(rows).toHaveCount(40)

  // Some of them: the rest is left alone, whatever was chosen before.
  await page.locator('[data-pick=all]').check()
  await page.fill('input[name=filter]', 'shop-1')
  await expect(rows).toHaveCount(11) // shop-1 and shop-10 to shop-19
  await expect(page.locator('[data-picked]')).toContainText('11')
  await page.locator('[data-bulk=hours]').click()
  await page.locator('[data-preset=workdays]').click()
  await expect(page.locator('[data-preview] [data-effect=some]')).toHaveCount(11)
  await page.screenshot({ path: info.outputPath('bulk-hours.png') })
  await page.locator('[data-do=bulk]').click()
  await expect(page.locator('[data-done]')).toContainText('11')
  await page.fill('input[name=filter]', '')
  await expect(page.locator('tbody .lines', { hasText: '08:00–18:00' })).toHaveCount(11)

  // All of them: one audience less, then a pause and its end.
  await page.locator('[data-bulk=audiences]').click()
  await page.locator('[data-question="audience:police-station"] label').last().click()
  await page.locator('[data-do=bulk]').click()
  await expect(page.locator('[data-done]')).toContainText('40')
  await page.locator('[data-bulk=pause]').click()
  await page.screenshot({ path: info.outputPath('bulk-pause.png') })
  await page.locator('[data-do=bulk]').click()
  await expect(page.locator('tr[data-sharing=paused]')).toHaveCount(40)
  await page.locator('[data-bulk=resume]').click()
  await page.locator('[data-do=bulk]').click()
  await expect(page.locator('tr[data-sharing=paused]')).toHaveCount(0)
  await page.screenshot({ path: info.outputPath('list.png') })
  expect(watch.faults).toEqual([])
})
