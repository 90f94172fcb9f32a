import { gather, type Texts } from './gather'

export default gather(import.meta.glob<Texts>('./en/*.json', { eager: true, import: 'default' }))
