import type { Fault, Place } from '../api/types'
import type { PlaceRefusal, Wish } from './api'

/** What somebody writes into the form of a place, or the file chosen instead. */
interface Written {
  id: string
  name?: string
  kind: string
  file: string
}

/** What is missing before the service can be asked, and a short name that is another place's: it would change that place. */
export function lacking(wish: Wish['do'], f: Written, places: readonly Place[]): Fault[] {
  const missing = (fields: ('id' | 'name' | 'kind' | 'file')[]) => fields.filter((field) => !f[field]?.trim()).map((field) => ({ field, why: 'missing' }))
  if (wish === 'remove') return []
  if (wish === 'import') return missing(['file'])
  if (wish === 'edit') return missing(['name', 'kind'])
  return [...missing(['id', 'name', 'kind']), ...(places.some((p) => p.id === f.id) ? [{ field: 'id', why: 'taken' }] : [])]
}

/** The field at which each refusal of the place itself can be mended. */
const fields: Record<string, Fault> = {
  id: { field: 'id', why: 'malformed' },
  kind: { field: 'kind', why: 'missing' },
  parent: { field: 'parent', why: 'unknown' },
  loop: { field: 'parent', why: 'loop' },
}

/** The refusals of a plan as faults of the form; none where something stands in the way that the form cannot mend. */
export function refusedFields(refused: readonly PlaceRefusal[], id: string): Fault[] {
  const own = refused.map((r) => (r.place === id ? fields[r.code] : undefined))
  return own.every((f) => f) ? (own as Fault[]) : []
}
