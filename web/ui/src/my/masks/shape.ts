/** A point in fractions of the picture's width and height, and an area of such points. */
export type Point = [number, number]
export type Area = Point[]

/** An area needs three points to hide anything; more than this no finger needs. */
export const leastPoints = 3
export const mostPoints = 24
export const mostAreas = 16

const within = (n: number) => Math.min(1, Math.max(0, n))
/** Four decimals are finer than a pixel of an 8k picture. */
const round = (n: number) => Math.round(within(n) * 10_000) / 10_000

export const pointAt = (x: number, y: number): Point => [round(x), round(y)]

/** The size of an area as a share of the picture, 0..1 (shoelace formula). */
export function size(a: Area): number {
  const twice = a.reduce((sum, [x, y], i) => {
    const [nx, ny] = a[(i + 1) % a.length]!
    return sum + x * ny - nx * y
  }, 0)
  return Math.abs(twice) / 2
}

/** Reports whether a point lies inside (even-odd rule, as the renderer fills). */
export function contains(a: Area, [x, y]: Point): boolean {
  let inside = false
  for (let i = 0, j = a.length - 1; i < a.length; j = i++) {
    const [ax, ay] = a[i]!
    const [bx, by] = a[j]!
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

const samples = 100

/** The share of the picture that all areas hide together, 0..1, on a grid of 100 x 100 points. */
export function hidden(areas: readonly Area[]): number {
  return sampled((p) => areas.some((a) => contains(a, p)))
}

/** The share of the picture that was hidden before and is no more, 0..1. */
export function uncovered(before: readonly Area[], after: readonly Area[]): number {
  return sampled((p) => before.some((a) => contains(a, p)) && !after.some((a) => contains(a, p)))
}

function sampled(yes: (p: Point) => boolean): number {
  let n = 0
  for (let i = 0; i < samples; i++) for (let j = 0; j < samples; j++) if (yes([(i + 0.5) / samples, (j + 0.5) / samples])) n++
  return n / samples ** 2
}

/** Distance of p from the line through a and b. */
function away(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]]
  const length = Math.hypot(dx, dy)
  if (length === 0) return Math.hypot(p[0] - a[0], p[1] - a[1])
  return Math.abs(dy * p[0] - dx * p[1] + b[0] * a[1] - b[1] * a[0]) / length
}

/** Drops points that bend a line by less than `tolerance` (Douglas and Peucker 1973). */
function straightened(line: readonly Point[], tolerance: number): Point[] {
  if (line.length < 3) return [...line]
  const [first, last] = [line[0]!, line[line.length - 1]!]
  let far = 0
  let at = 0
  for (let i = 1; i < line.length - 1; i++) {
    const d = away(line[i]!, first, last)
    if (d > far) [far, at] = [d, i]
  }
  if (far <= tolerance) return [first, last]
  return [...straightened(line.slice(0, at + 1), tolerance).slice(0, -1), ...straightened(line.slice(at), tolerance)]
}

/** A slip of the finger is no area. */
const leastSize = 0.0015

/**
 * The area that a finger drew around: its outline with as few points as keep
 * the shape. Undefined when it encloses next to nothing.
 */
export function drawn(outline: readonly Point[]): Area | undefined {
  for (let tolerance = 0.008; tolerance < 0.2; tolerance *= 1.5) {
    // Split at the point farthest from the start: a closed line has no ends.
    const far = outline.reduce((best, p, i) => (away(p, outline[0]!, outline[0]!) > away(outline[best]!, outline[0]!, outline[0]!) ? i : best), 0)
    const area = [...straightened(outline.slice(0, far + 1), tolerance).slice(0, -1), ...straightened([...outline.slice(far), outline[0]!], tolerance).slice(0, -1)]
    if (area.length <= mostPoints) return area.length >= leastPoints && size(area) >= leastSize ? area.map(([x, y]) => pointAt(x, y)) : undefined
  }
  return undefined
}

/** A rectangle in the middle, to begin with where drawing is hard. */
export const middle = (): Area => [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]]

const at = (areas: readonly Area[], i: number, next: Area | undefined) => areas.flatMap((a, j) => (j !== i ? [a] : next ? [next] : []))

/** The areas with one point moved; it stays inside the picture. */
export const movePoint = (areas: readonly Area[], i: number, j: number, to: Point): Area[] =>
  at(areas, i, areas[i]!.map((p, k) => (k === j ? pointAt(to[0], to[1]) : p)))

/** The areas with a point added in the middle of the edge that follows point j. */
export function addPoint(areas: readonly Area[], i: number, j: number): Area[] {
  const a = areas[i]!
  const [p, q] = [a[j]!, a[(j + 1) % a.length]!]
  return at(areas, i, [...a.slice(0, j + 1), pointAt((p[0] + q[0]) / 2, (p[1] + q[1]) / 2), ...a.slice(j + 1)])
}

/** The areas without one point; an area of three goes as a whole. */
export const removePoint = (areas: readonly Area[], i: number, j: number): Area[] =>
  at(areas, i, areas[i]!.length > leastPoints ? areas[i]!.filter((_, k) => k !== j) : undefined)

export const removeArea = (areas: readonly Area[], i: number): Area[] => at(areas, i, undefined)

/** The areas with one moved as a whole, as far as the picture's edge lets it. */
export function moveArea(areas: readonly Area[], i: number, dx: number, dy: number): Area[] {
  const a = areas[i]!
  const bounded = (list: number[], d: number) => Math.min(1 - Math.max(...list), Math.max(-Math.min(...list), d))
  const [x, y] = [bounded(a.map((p) => p[0]), dx), bounded(a.map((p) => p[1]), dy)]
  return at(areas, i, a.map((p) => pointAt(p[0] + x, p[1] + y)))
}

export const same = (a: readonly Area[], b: readonly Area[]) => JSON.stringify(a) === JSON.stringify(b)
