import { compiledTexts } from '../texts.mjs'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// The pieces of the phone's pages by themselves, for their pictures. Not part
// of the product. By hand: npx vite -c dev/gallery/vite.config.ts
export default defineConfig({
  root: import.meta.dirname,
  plugins: [compiledTexts(), vue()],
  build: { outDir: '../../test-results/gallery', emptyOutDir: true, target: 'es2022' },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false, __INTLIFY_DROP_MESSAGE_COMPILER__: true },
})
