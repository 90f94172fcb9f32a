/** A grid of equal cells. */
export interface Grid {
  columns: number
  rows: number
}

/**
 * The grid in which n tiles of 16:9 are largest within width x height pixels.
 * A lifted tile takes four cells, so it counts for four.
 */
export function mosaic(n: number, lifted: number, width: number, height: number): Grid {
  const cells = Math.max(1, n + 3 * lifted)
  const least = lifted > 0 && n > 1 ? 2 : 1
  let best: Grid = { columns: least, rows: Math.ceil(cells / least) }
  let bestWidth = 0
  for (let columns = least; columns <= cells; columns++) {
    const rows = Math.max(least, Math.ceil(cells / columns))
    const w = Math.min(width / columns, (height / rows) * (16 / 9))
    if (w > bestWidth + 0.5) {
      bestWidth = w
      best = { columns, rows }
    }
  }
  return best
}

/** Where the arrow keys lead from tile i of n in a grid. */
export function neighbour(i: number, n: number, columns: number, key: string): number {
  const to = { ArrowLeft: i - 1, ArrowRight: i + 1, ArrowUp: i - columns, ArrowDown: i + columns }[key]
  return to === undefined || to < 0 || to >= n ? i : to
}
