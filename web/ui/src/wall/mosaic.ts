/** A tile's place, as fractions of the area. */
export interface Rect {
  x: number
  y: number
  w: number
  h: number
}

const aspect = 16 / 9
// A lifted tile is worth looking at when its picture is this much larger.
const liftedArea = 4

/** How n tiles are best laid out in an area of width x height pixels: in how many rows, and how large the smallest picture of 16:9 becomes, in square pixels. */
function best(n: number, width: number, height: number): { rows: number; size: number } {
  let found = { rows: 1, size: -1 }
  for (let count = 1; count <= n; count++) {
    const w = Math.min(width / Math.ceil(n / count), (height / count) * aspect)
    const size = (w * w) / aspect
    if (size > found.size + 0.5) found = { rows: count, size }
  }
  return found
}

/** Rows of equal height that fill the area; they differ by at most one tile, the fuller ones first. */
function place(n: number, count: number, area: Rect): Rect[] {
  const list: Rect[] = []
  for (let row = 0; row < count; row++) {
    const tiles = Math.floor(n / count) + (row < n % count ? 1 : 0)
    for (let i = 0; i < tiles; i++) list.push({ x: area.x + (area.w * i) / tiles, y: area.y + (area.h * row) / count, w: area.w / tiles, h: area.h / count })
  }
  return list
}

/** A part of the area that holds so many tiles. */
interface Part extends Rect {
  n: number
}

/**
 * The ways to cut the area for large tiles: a side for them, or a corner with
 * the others in the column beside it and in the rows below.
 */
function* cuts(lifted: number, rest: number): Generator<Part[]> {
  for (let cut = 0.3; cut < 0.82; cut += 0.025) {
    yield [{ n: lifted, x: 0, y: 0, w: cut, h: 1 }, { n: rest, x: cut, y: 0, w: 1 - cut, h: 1 }]
    yield [{ n: lifted, x: 0, y: 0, w: 1, h: cut }, { n: rest, x: 0, y: cut, w: 1, h: 1 - cut }]
    // About as many beside as the column is large, so that all come out alike.
    const share = Math.round((rest * cut) / (1 + cut))
    for (let beside = Math.max(1, share - 2); beside <= Math.min(rest - 1, share + 2); beside++) {
      yield [{ n: lifted, x: 0, y: 0, w: cut, h: cut }, { n: beside, x: cut, y: 0, w: 1 - cut, h: cut }, { n: rest - beside, x: 0, y: cut, w: 1, h: 1 - cut }]
    }
  }
}

/**
 * Places for n tiles in width x height pixels that leave no part of it empty.
 * The first `lifted` of them are the large ones. The area is cut so that the
 * others stay as large as that allows and the pictures fill most of it.
 */
export function mosaic(n: number, lifted: number, width: number, height: number): Rect[] {
  const w = width || 1600
  const h = height || 900
  const rest = n - lifted
  if (n <= 0) return []
  if (lifted <= 0 || rest <= 0) return place(n, best(n, w, h).rows, { x: 0, y: 0, w: 1, h: 1 })
  let found: { part: Part; rows: number }[] = []
  let foundScore = -1
  for (const parts of cuts(lifted, rest)) {
    const laid = parts.map((part) => ({ part, ...best(part.n, part.w * w, part.h * h) }))
    const [big, ...others] = laid
    const small = Math.min(...others.map((o) => o.size))
    const filled = laid.reduce((sum, o) => sum + o.size * o.part.n, 0) / (w * h)
    // Too small a difference counts against a cut more than smaller tiles do.
    const score = small * filled * Math.min(1, big!.size / small / liftedArea) ** 4
    if (score <= foundScore) continue
    foundScore = score
    found = laid
  }
  return found.flatMap((f) => place(f.part.n, f.rows, f.part))
}

/** Where an arrow key leads from tile i: the nearest tile on that side. */
export function neighbour(i: number, places: readonly Rect[], key: string): number {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key]
  const from = places[i]
  if (!step || !from) return i
  const [dx, dy] = step as [number, number]
  const middle = (r: Rect) => [r.x + r.w / 2, r.y + r.h / 2] as const
  const [fx, fy] = middle(from)
  let best = i
  let bestWay = Infinity
  places.forEach((r, k) => {
    const [x, y] = middle(r)
    const along = (x - fx) * dx + (y - fy) * dy
    const across = Math.abs((x - fx) * dy) + Math.abs((y - fy) * dx)
    const way = along + 3 * across
    if (k !== i && along > 0.01 && way < bestWay) {
      bestWay = way
      best = k
    }
  })
  return best
}
