import { ahead } from './dev/ahead.mjs'
import { compressed } from './dev/compress.mjs'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// public/.gitkeep is copied into dist, so that emptying dist before a build
// does not delete the file that makes `go build` work on a fresh clone.
export default defineConfig({
  plugins: [vue(), ahead(), compressed()],
  build: {
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy refuses data: scripts and styles, and the
    // server caches whatever has a hash in its name for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  server: { proxy: { '/api': { target: process.env.BASE_URL ?? 'https://127.0.0.1:8086', secure: false } } },
  test: { environment: 'happy-dom', setupFiles: ['test/setup.ts'], include: ['test/**/*.test.ts'] },
})
