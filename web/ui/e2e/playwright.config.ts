import { defineConfig } from '@playwright/test'

/**
 * The stories run against a server that is already there: BASE_URL says where,
 * DISPATCHER, RESIDENT and ADMINISTRATOR who may sign in, each as name:password.
 */
export default defineConfig({
  testDir: '.',
  outputDir: '../test-results/stories',
  snapshotPathTemplate: '{testDir}/pictures/{arg}{ext}',
  timeout: 90_000,
  expect: { timeout: 20_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [['list']],
  use: {
    baseURL: process.env.BASE_URL ?? 'https://127.0.0.1:8086',
    ignoreHTTPSErrors: true,
    locale: 'zh-CN',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    },
  },
})
