import { json } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type PlacesEdit = S['PlacesEdit']
export type PlacesPlan = S['PlacesPlan']
export type Planned = S['PlacesPlannedOutputBody']
export type PlacesChanged = S['PlacesChangedOutputBody']
export type PlaceChange = S['PlaceChange']
export type PlaceGain = S['PlaceGain']
export type PlaceRefusal = S['PlaceRefusal']

/** Changes of the tree: what one would do, and doing it, at once or by proposal. */
export const placeTree = {
  plan: (edit: PlacesEdit) => json<Planned>('POST', '/api/places/plan', { edit }),
  planFile: (file: string, remove_missing: boolean) => json<Planned>('POST', '/api/places/plan', { file, remove_missing }),
  change: (edit: PlacesEdit, reason: string) => json<PlacesChanged>('POST', '/api/places/change', { edit, ...(reason && { reason }) }),
}

/** What a sheet is opened for. */
export type Wish = { do: 'add'; parent: string } | { do: 'edit'; id: string } | { do: 'remove'; id: string } | { do: 'import' }
