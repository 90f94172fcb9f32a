import { gather, type Texts } from '../gather'

/** What only the pages of desks and walls say. */
export default gather(import.meta.glob<Texts>('../en/{clear,evidence,health,office,people,places,rules,system,town,wall}.json', { eager: true, import: 'default' }))
