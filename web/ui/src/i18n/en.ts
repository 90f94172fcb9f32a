import { gather, type Texts } from './gather'

/** What every face needs, and all that phones do. */
export default gather(import.meta.glob<Texts>(['./en/*.json', '!./en/{clear,evidence,health,office,people,places,rules,system,town,wall}.json'], { eager: true, import: 'default' }))
