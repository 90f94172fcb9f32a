import type { ManyChanged, MyCamera, TermsChoice } from '../../api/types'
import { changeable } from '../save'
import { sharingKind, type SharingKind } from '../sharing'
import { hourLines } from '../week/hours'
import { difference } from '../week/week'
import { listOf } from '../words'

/** A camera as a line of the list. */
export interface Row {
  id: string
  name: string
  place: string
  kind: SharingKind
  hours: string
  audiences: string[]
  ends: string
  mine: MyCamera
}

export function rowOf(mine: MyCamera, now: Date): Row {
  const first = mine.consents?.[0]
  return {
    id: mine.camera.id, name: mine.camera.name, place: mine.camera.place, kind: sharingKind(mine, now), mine,
    hours: first ? hourLines(first.slots ?? []).join('\n') : '', audiences: first?.audiences ?? [], ends: first?.not_after ?? '',
  }
}

/** Rows whose name, id, place or audience holds every word that was typed, in the state that was chosen. */
export function filtered(rows: readonly Row[], text: string, kind: SharingKind | ''): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((r) => {
    const all = [r.name, r.id, r.place, listOf('audience', r.audiences)].join(' ').toLowerCase()
    return (!kind || r.kind === kind) && words.every((w) => all.includes(w))
  })
}

/** The records that a bulk change concerns, of all cameras chosen. */
export const consentsOf = (rows: readonly Row[]) => rows.flatMap((r) => changeable(r.mine))

/** What a change does to one camera, before it is made. */
export interface Effect {
  row: Row
  /** Nothing of this camera can be changed: it is not shared. */
  barred: boolean
  more: number
  fewer: number
  audiencesAdded: string[]
  audiencesGone: string[]
}

export function effectOf(row: Row, terms: TermsChoice): Effect {
  const list = changeable(row.mine)
  const before = list[0]
  const hours = terms.slots ? difference(before?.slots ?? [], terms.slots) : { more: 0, fewer: 0 }
  const had = before?.audiences ?? []
  const will = terms.audiences ?? had
  return {
    row, barred: list.length === 0, ...hours,
    audiencesAdded: will.filter((a) => !had.includes(a)), audiencesGone: had.filter((a) => !will.includes(a)),
  }
}

export const nothing = (e: Effect) => e.more + e.fewer + e.audiencesAdded.length + e.audiencesGone.length === 0

/** What came of a bulk change, by camera: the first fault of each, or none. */
export function faultsOf(rows: readonly Row[], changed: ManyChanged): Map<string, string> {
  const byConsent = new Map((changed.results ?? []).map((r) => [r.id, r.code]))
  const out = new Map<string, string>()
  for (const row of rows) {
    const fault = changeable(row.mine).map((c) => byConsent.get(c.id)).find(Boolean)
    if (fault) out.set(row.id, fault)
  }
  return out
}
