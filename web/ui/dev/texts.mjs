// Compiles the texts of the pages while they are built: what has a parameter or a
// plural becomes the tree that vue-i18n reads (its JIT form), so that no phone
// is sent the compiler or waits for it. Plain words stay plain.
import { baseCompile } from '@intlify/message-compiler'

const special = /[{}|@]/

/** A text, or a nest of texts, as the build ships it. */
export function compiled(value, where) {
  if (typeof value !== 'string') return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, compiled(inner, `${where}.${key}`)]))
  if (!special.test(value)) return value
  const onError = (err) => {
    throw new Error(`${where}: ${err.message}: ${value}`)
  }
  return baseCompile(value, { jit: true, minify: true, location: false, onError }).ast
}

/** @returns {import('vite').Plugin} */
export function compiledTexts() {
  return {
    name: 'texts',
    apply: 'build',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/i18n\/[^/]+\/[^/]+\.json$/ },
      handler: (code, id) => ({ code: JSON.stringify(compiled(JSON.parse(code), id.split('/').slice(-2).join('/'))), map: null }),
    },
  }
}
