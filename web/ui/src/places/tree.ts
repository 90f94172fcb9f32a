import type { Place } from '../api/types'

/** A place with how deep it lies; children follow their parent. */
export interface Branch {
  place: Place
  depth: number
}

/** Puts places in the order of a tree of any depth; one whose parent is not there begins a tree of its own. */
export function tree(places: Place[]): Branch[] {
  const ids = new Set(places.map((p) => p.id))
  const children = new Map<string, Place[]>()
  for (const p of places) {
    const parent = p.parent && ids.has(p.parent) ? p.parent : ''
    children.set(parent, [...(children.get(parent) ?? []), p])
  }
  const out: Branch[] = []
  const walk = (parent: string, depth: number) => {
    for (const place of children.get(parent) ?? []) {
      out.push({ place, depth })
      walk(place.id, depth + 1)
    }
  }
  walk('', 0)
  return out
}

/** The file that `shouwang place import` reads: JSON, which is YAML too. */
export function fileOf(places: Place[]): string {
  return JSON.stringify({ places: tree(places).map(({ place }) => place) }, null, 2) + '\n'
}
