// One file per face and language: each adds its own top-level keys, and the
// test of the catalogues holds both languages against each other.
type Texts = { [key: string]: string | Texts }

const files = import.meta.glob<Texts>('./*/*.json', { eager: true, import: 'default' })

function gather(tag: string): Texts {
  return Object.assign({}, ...Object.entries(files).filter(([path]) => path.startsWith(`./${tag}/`)).map(([, texts]) => texts)) as Texts
}

export const en = gather('en')
export const zh = gather('zh-CN')
