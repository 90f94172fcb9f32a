import { describe, expect, it } from 'vitest'
import type { Place } from '../src/api/types'
import { lacking, refusedFields } from '../src/places/faults'
import { fileOf, tree } from '../src/places/tree'

const place = (id: string, parent: string) => ({ id, parent, kind: 'grid' }) as Place

describe('places as a tree', () => {
  it('goes to any depth, children after their parent whatever the order was', () => {
    const deep = Array.from({ length: 9 }, (_, i) => place('p' + i, i ? 'p' + (i - 1) : '')).reverse()
    expect(tree(deep).map((b) => [b.place.id, b.depth])).toEqual(Array.from({ length: 9 }, (_, i) => ['p' + i, i]))
  })

  it('loses none whose parent is not there', () => {
    expect(tree([place('a', 'gone'), place('b', 'a')]).map((b) => b.depth)).toEqual([0, 1])
  })

  it('is saved whole, parents first', () => {
    const file = JSON.parse(fileOf([place('b', 'a'), place('a', '')])) as { places: Place[] }
    expect(file.places.map((p) => p.id)).toEqual(['a', 'b'])
  })
})

describe('what is wrong with a place', () => {
  const written = { id: 'a', name: 'A', kind: 'grid', file: '' }
  const at = (list: { field: string; why: string }[]) => list.map((f) => `${f.field} ${f.why}`)

  it('is said at the fields that are missing, and at a short name that is taken', () => {
    expect(at(lacking('add', { id: '', name: ' ', kind: '', file: '' }, []))).toEqual(['id missing', 'name missing', 'kind missing'])
    expect(at(lacking('add', written, [place('a', '')]))).toEqual(['id taken'])
    expect(lacking('edit', written, [place('a', '')])).toEqual([])
    expect(at(lacking('import', written, []))).toEqual(['file missing'])
    expect(lacking('remove', { id: '', kind: '', file: '' }, [])).toEqual([])
  })

  it('is said at its field where the form can mend it, and is a plan where it cannot', () => {
    expect(at(refusedFields([{ code: 'id', place: 'A b' }, { code: 'loop', place: 'A b' }], 'A b'))).toEqual(['id malformed', 'parent loop'])
    expect(refusedFields([{ code: 'kind', place: 'a' }, { code: 'camera', place: 'b', who: 'c' }], 'a')).toEqual([])
    expect(refusedFields([{ code: 'nothing' }], 'a')).toEqual([])
    expect(refusedFields([], 'a')).toEqual([])
  })
})
