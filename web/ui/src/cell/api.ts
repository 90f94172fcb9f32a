import { json } from '../api/client'
import type { components } from '../api/schema'

export type Cell = components['schemas']['CellView']
export type CellCamera = components['schemas']['CellCamera']

/** The cells one is the guardian of. */
export const myCells = async () => (await json<{ cells: Cell[] | null }>('GET', '/api/my/cells')).cells ?? []
