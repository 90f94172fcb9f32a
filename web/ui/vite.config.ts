import { ahead } from './dev/ahead.mjs'
import { compressed } from './dev/compress.mjs'
import { compiledTexts } from './dev/texts.mjs'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

// Few files, because a phone pays for each with a place in a queue of six where
// there is no HTTP/2: what every page needs, and what the owner's pages share.
const groups = [
  { name: 'vendor', test: /node_modules\/(vue|@vue|vue-router|vue-i18n|@intlify)\/|rolldown\/runtime/, priority: 3 },
  { name: 'common', test: /plugin-vue:export-helper|src\/(api|ui|i18n)\/(?!QrCode)[^/]*$|src\/session|src\/office\/rooms/, minShareCount: 3, priority: 2 },
  { name: 'owner', test: /src\/(my|join|cell\/api)/, minShareCount: 2, priority: 1 },
]

// public/.gitkeep is copied into dist, so that emptying dist before a build
// does not delete the file that makes `go build` work on a fresh clone.
export default defineConfig(({ command }) => ({
  plugins: [compiledTexts(), vue(), ahead(), compressed()],
  build: {
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy refuses data: scripts and styles, and the
    // server caches whatever has a hash in its name for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_DROP_MESSAGE_COMPILER__: command === 'build', // the texts are compiled by then (dev/texts.mjs)
  },
  server: { proxy: { '/api': { target: process.env.BASE_URL ?? 'https://127.0.0.1:8086', secure: false } } },
  test: { environment: 'happy-dom', setupFiles: ['test/setup.ts'], include: ['test/**/*.test.ts'], testTimeout: 30_000 }, // a busy machine is no fault of a text's
}))
