import { describe, expect, it } from 'vitest'
import type { Place } from '../src/api/types'
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
