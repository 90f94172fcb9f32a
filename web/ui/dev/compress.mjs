// Writes NAME.br and NAME.gz beside each text file of a build, so that the
// service need not compress anything while somebody waits on a slow line.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const texts = /\.(js|css|html|svg|json|webmanifest)$/
const tooSmall = 600 // bytes: one packet anyway

function files(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? files(join(dir, e.name)) : [join(dir, e.name)]))
}

/** @returns {import('vite').Plugin} */
export function compressed() {
  let out = 'dist'
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => void (out = config.build.outDir),
    closeBundle() {
      for (const path of files(out)) {
        if (!texts.test(path) || statSync(path).size < tooSmall) continue
        const raw = readFileSync(path)
        writeFileSync(path + '.br', brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }))
        writeFileSync(path + '.gz', gzipSync(raw, { level: 9 }))
      }
    },
  }
}
