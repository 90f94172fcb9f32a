// Writes ahead.json into a build: for each address of the router the files that
// its page needs beyond the first script's own, what the page asks the service
// first, and for each language its texts (those of desks for the pages of desks).
// The service names them in the page's Link header, so that a phone on a slow
// line asks for them at once and not after the first script has run.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const route = /path: '([^']+)', component: \(\) => import\('\.\/([^']+)'\)(.*)/g
const languages = ['zh-CN', 'en']

/** The addresses that a route's meta says its page asks first. */
const asked = (rest) => [...(/\basks: \[([^\]]*)\]/.exec(rest)?.[1] ?? '').matchAll(/'([^']+)'/g)].map((m) => m[1])

/** The chunk's file and all it imports before it runs, with their styles. */
function closure(chunk, chunks, into = new Set()) {
  if (!chunk || into.has(chunk.fileName)) return into
  into.add(chunk.fileName)
  for (const css of chunk.viteMetadata?.importedCss ?? []) into.add(css)
  for (const name of chunk.imports) closure(chunks.get(name), chunks, into)
  return into
}

/** @returns {import('vite').Plugin} */
export function ahead() {
  let src = ''
  return {
    name: 'ahead',
    apply: 'build',
    configResolved: (config) => void (src = resolve(config.root, 'src')),
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const all = Object.values(bundle).filter((f) => f.type === 'chunk')
        const chunks = new Map(all.map((c) => [c.fileName, c]))
        const at = (file) => all.find((c) => c.facadeModuleId === resolve(src, file)) ?? this.error(`ahead: no chunk of its own for ${file}`)
        const first = closure(all.find((c) => c.isEntry), chunks)
        const beyond = (file) => [...closure(at(file), chunks)].filter((f) => !first.has(f))
        const pages = [...readFileSync(resolve(src, 'router.ts'), 'utf8').matchAll(route)].map(([, path, file, rest]) => ({ path, files: beyond(file), asks: asked(rest), open: /\bopen: true\b/.test(rest), desk: /\bdesk: true\b/.test(rest) }))
        if (pages.length < 10) this.error('ahead: the router names its pages otherwise now')
        const texts = (folder) => Object.fromEntries(languages.map((l) => [l, beyond(`i18n/${folder}${l}.ts`)]))
        const source = JSON.stringify({ pages, languages: texts(''), desk: texts('desk/') })
        this.emitFile({ type: 'asset', fileName: 'ahead.json', source })
      },
    },
  }
}
