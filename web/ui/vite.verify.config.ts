import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'

// The page /verify/ is built by itself: one classic script, so that a copy of it
// works from a disk, and beside it the same as a single file to be saved.
const page = readFileSync('verify/index.html', 'utf8')

function pages(): Plugin {
  return {
    name: 'verify-pages',
    enforce: 'post',
    generateBundle(_, bundle) {
      const code = Object.values(bundle).find((f) => f.type === 'chunk')!.code
      const css = Object.values(bundle).find((f) => f.fileName.endsWith('.css'))
      const style = css?.type === 'asset' ? String(css.source) : ''
      this.emitFile({ type: 'asset', fileName: 'index.html', source: page })
      const single = page
        .replace('<link rel="stylesheet" href="verify.css">', () => `<style>${style}</style>`)
        .replace('<script src="verify.js"></script>', () => `<script>${code.replaceAll('</script', '<\\/script')}</script>`)
      this.emitFile({ type: 'asset', fileName: 'shouwang-verify.html', source: single })
    },
  }
}

export default defineConfig({
  publicDir: false,
  plugins: [pages()],
  build: {
    outDir: 'dist/verify',
    emptyOutDir: true,
    target: 'es2022',
    lib: { entry: 'src/log/page.ts', formats: ['iife'], name: 'verify', fileName: () => 'verify.js', cssFileName: 'verify' },
  },
})
