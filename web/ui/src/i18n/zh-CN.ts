import { gather, type Texts } from './gather'

/** What every face needs, and all that phones do. */
export default gather(import.meta.glob<Texts>(['./zh-CN/*.json', '!./zh-CN/{clear,evidence,health,office,people,places,rules,system,town,wall}.json'], { eager: true, import: 'default' }))
