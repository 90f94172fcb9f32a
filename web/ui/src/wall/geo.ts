import type { Feature, FeatureCollection, Polygon, Position } from 'geojson'
import type { Camera, Incident, Place } from '../api/types'

const metresPerDegree = 111_195
type Point = { lat: number; lon: number }

/** The point so many metres from another, at degrees clockwise from north; exact enough for a township. */
export function away(from: Point, metres: number, degrees: number): Position {
  const rad = (degrees * Math.PI) / 180
  const lat = from.lat + (metres * Math.cos(rad)) / metresPerDegree
  const lon = from.lon + (metres * Math.sin(rad)) / (metresPerDegree * Math.cos((from.lat * Math.PI) / 180))
  return [lon, lat]
}

const polygon = (ring: Position[], properties: Record<string, unknown>): Feature<Polygon> =>
  ({ type: 'Feature', geometry: { type: 'Polygon', coordinates: [ring] }, properties })

/** What a camera sees of the ground: a sector of a circle, as wide as its lens. */
export function sector(c: Camera): Feature<Polygon> | undefined {
  const aim = c.aim
  if (!aim || !c.position) return undefined
  const range = aim.range_m || 25
  const ring: Position[] = [[c.position.lon, c.position.lat]]
  const steps = Math.max(4, Math.ceil(aim.fov_deg / 8))
  for (let i = 0; i <= steps; i++) ring.push(away(c.position, range, aim.heading_deg - aim.fov_deg / 2 + (aim.fov_deg * i) / steps))
  ring.push(ring[0]!)
  return polygon(ring, { id: c.id, shown: c.live.decision === 'allow' })
}

/** A circle on the ground. */
export function circle(at: Point, metres: number, properties: Record<string, unknown>): Feature<Polygon> {
  const ring: Position[] = []
  for (let i = 0; i <= 64; i++) ring.push(away(at, metres, (i * 360) / 64))
  return polygon(ring, properties)
}

const collection = (features: (Feature<Polygon> | undefined)[]): FeatureCollection =>
  ({ type: 'FeatureCollection', features: features.filter((f) => f !== undefined) })

/** The places that somebody drew, the large ones first. */
export function outlines(places: Iterable<Place>): FeatureCollection {
  const order = ['district', 'township', 'community', 'grid', 'building']
  const drawn = [...places].filter((p) => (p.outline?.length ?? 0) >= 3).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  return collection(drawn.map((p) => {
    const ring = p.outline!.map((c) => [c![1]!, c![0]!])
    return polygon([...ring, ring[0]!], { id: p.id, kind: p.kind })
  }))
}

export const coverage = (cameras: readonly Camera[]) => collection(cameras.map(sector))

/** As far around an incident as an owner agreed that it opens a camera; none where nobody did. */
export const rings = (incidents: readonly Incident[]) => collection(incidents.map((i) => (i.radius_m > 0 ? circle(i.position, i.radius_m, { id: i.id }) : undefined)))

/** The middle of a ring's upper edge, for its name. */
export function crown(outline: readonly (readonly number[] | null)[]): Position {
  const lats = outline.map((p) => p![0]!)
  const lons = outline.map((p) => p![1]!)
  return [(Math.min(...lons) + Math.max(...lons)) / 2, Math.max(...lats)]
}

/** South-west and north-east of all there is, or undefined for nothing. */
export function bounds(cameras: readonly Camera[], places: Iterable<Place>): [[number, number], [number, number]] | undefined {
  const points: Position[] = cameras.filter((c) => c.position && (c.position.lat || c.position.lon)).map((c) => [c.position.lon, c.position.lat])
  for (const p of places) if (p.kind === 'grid' || points.length === 0) for (const c of p.outline ?? []) points.push([c![1]!, c![0]!])
  if (points.length === 0) return undefined
  const lons = points.map((p) => p[0]!)
  const lats = points.map((p) => p[1]!)
  const pad = 0.0008
  return [[Math.min(...lons) - pad, Math.min(...lats) - pad], [Math.max(...lons) + pad, Math.max(...lats) + pad]]
}
