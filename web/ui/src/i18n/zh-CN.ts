import { gather, type Texts } from './gather'

export default gather(import.meta.glob<Texts>('./zh-CN/*.json', { eager: true, import: 'default' }))
