import { computed, ref, shallowRef } from 'vue'
import { wallApi as api } from './api'
import type { Camera, Layout, WallBody } from '../api/types'
import type { LiftRules } from './lift'

/** Kinds of event from the most urgent to the least, as a new wall has them. */
export const allKinds = [
  'intrusion', 'crowd', 'tamper', 'loitering', 'left_object', 'removed_object', 'line_crossing', 'parked', 'person', 'vehicle', 'animal', 'motion',
]

export function plainWall(name: string): WallBody {
  return {
    name, tiles: [], only: false, per_page: 25, rotate_s: 0, dwell_s: 12, lift: 2, priority: [...allKinds], show: 'tiles', feed: true,
    theme: 'night', sound: true,
  }
}

/** The cameras of a wall in its order: those it names, then, unless these are all, the others. */
export function arrange(cameras: readonly Camera[], wall: WallBody): Camera[] {
  const place = new Map((wall.tiles ?? []).map((id, i) => [id, i]))
  const at = (c: Camera) => place.get(c.id) ?? Infinity
  const allowed = (c: Camera) => (c.live.decision === 'allow' ? 0 : 1)
  return cameras
    .filter((c) => !wall.only || place.has(c.id))
    .sort((a, b) => {
      const [pa, pb] = [at(a), at(b)]
      if (pa !== pb) return pa - pb
      return allowed(a) - allowed(b) || a.place.localeCompare(b.place) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id)
    })
}

/** The order after the tile of one camera was put in the place of another's. */
export function moved(order: readonly string[], camera: string, to: string): string[] {
  const from = order.indexOf(camera)
  const at = order.indexOf(to)
  if (from < 0 || at < 0 || from === at) return [...order]
  const next = order.filter((id) => id !== camera)
  next.splice(at, 0, camera)
  return next
}

/** The name under which a person's own wall is kept. */
export function ownId(principal: string): string {
  return ('own-' + principal.toLowerCase().replace(/[^a-z0-9]+/g, '-')).slice(0, 40)
}

/** A wall's layout: the saved one of the address, else one's own. */
export function useLayout(id: string, fallbackName: string) {
  const all = shallowRef<Layout[]>([])
  const wall = ref<WallBody>(plainWall(fallbackName))
  const missing = ref(false)
  const shared = ref(false)

  async function load() {
    all.value = await api.layouts()
    const found = all.value.find((l) => l.id === id)
    missing.value = !found
    if (!found) return
    shared.value = found.shared
    wall.value = { ...plainWall(fallbackName), ...found.wall }
  }
  async function save(body: WallBody, to = id, withAll = shared.value) {
    const kept = await api.putLayout(to, { wall: body, shared: withAll })
    if (to === id) {
      wall.value = { ...body }
      shared.value = kept.shared
      missing.value = false
    }
    await load()
  }
  const rules = computed<LiftRules>(() => ({ dwellMs: wall.value.dwell_s * 1000, max: wall.value.lift, priority: wall.value.priority ?? [] }))
  return { all, wall, missing, shared, rules, load, save }
}
