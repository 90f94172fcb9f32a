import { describe, expect, it } from 'vitest'
import { useDrawing } from '../src/my/masks/history'
import { addPoint, contains, drawn, hidden, middle, moveArea, movePoint, removeArea, removePoint, size, uncovered, type Area, type Point } from '../src/my/masks/shape'

const square: Area = [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]

/** A finger's way around a rectangle, a point each hundredth, with a tremble. */
function finger(x0: number, y0: number, x1: number, y1: number): Point[] {
  const corners: Point[] = [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]
  return corners.slice(1).flatMap((to, i) => {
    const from = corners[i]!
    return Array.from({ length: 40 }, (_, k): Point => {
      const tremble = ((k * 7919) % 5) / 5000 - 0.0004
      return [from[0] + ((to[0] - from[0]) * k) / 40 + tremble, from[1] + ((to[1] - from[1]) * k) / 40 - tremble]
    })
  })
}

describe('an area', () => {
  it('has a size and an inside', () => {
    expect(size(square)).toBeCloseTo(0.16)
    expect(contains(square, [0.4, 0.4])).toBe(true)
    expect(contains(square, [0.7, 0.4])).toBe(false)
  })
  it('comes from a trembling finger with few points and the same shape', () => {
    const area = drawn(finger(0.2, 0.2, 0.7, 0.6))!
    expect(area.length).toBeGreaterThanOrEqual(4)
    expect(area.length).toBeLessThanOrEqual(6)
    expect(size(area)).toBeCloseTo(0.2, 1)
    expect(contains(area, [0.25, 0.25])).toBe(true)
    expect(contains(area, [0.65, 0.55])).toBe(true)
  })
  it('does not come from a tap or a slip', () => {
    expect(drawn([[0.5, 0.5]])).toBeUndefined()
    expect(drawn([[0.5, 0.5], [0.51, 0.5], [0.52, 0.5]])).toBeUndefined()
    expect(drawn(Array.from({ length: 50 }, (_, i): Point => [0.1 + i / 100, 0.4]))).toBeUndefined()
  })
  it('stays inside the picture, whatever is done to it', () => {
    expect(movePoint([square], 0, 0, [-3, 7])[0]![0]).toEqual([0, 1])
    expect(moveArea([square], 0, 5, -5)[0]).toEqual([[0.6, 0], [1, 0], [1, 0.4], [0.6, 0.4]])
    expect(drawn(finger(-0.2, -0.2, 0.5, 0.5))!.flat().every((n) => n >= 0 && n <= 1)).toBe(true)
  })
  it('gets points between points and loses them, as a whole below three', () => {
    const five = addPoint([square], 0, 3)
    expect(five[0]).toHaveLength(5)
    expect(five[0]![4]).toEqual([0.2, 0.4])
    expect(removePoint(five, 0, 4)).toEqual([square])
    const three: Area = [[0, 0], [1, 0], [0, 1]]
    expect(removePoint([three, square], 0, 1)).toEqual([square])
    expect(removeArea([three, square], 1)).toEqual([three])
  })
})

describe('what is hidden', () => {
  it('counts what overlaps once', () => {
    expect(hidden([square, square])).toBeCloseTo(0.16)
    expect(hidden([])).toBe(0)
  })
  it('tells what becomes visible again', () => {
    expect(uncovered([square], [])).toBeCloseTo(0.16)
    expect(uncovered([square], [square, middle()])).toBe(0)
    expect(uncovered([], [square])).toBe(0)
  })
})

describe('the way back', () => {
  it('takes back each thing done, not each step of a finger', () => {
    const d = useDrawing([square])
    d.show(movePoint([square], 0, 0, [0.1, 0.1]))
    d.show(movePoint([square], 0, 0, [0.05, 0.05]))
    d.commit(d.areas.value)
    d.commit([...d.areas.value, middle()])
    expect(d.areas.value).toHaveLength(2)
    d.undo()
    expect(d.areas.value[0]![0]).toEqual([0.05, 0.05])
    d.undo()
    expect(d.areas.value).toEqual([square])
    expect(d.canUndo.value).toBe(false)
    d.undo()
    expect(d.areas.value).toEqual([square])
  })
  it('does not remember what changed nothing', () => {
    const d = useDrawing([square])
    d.commit([[...square]])
    expect(d.canUndo.value).toBe(false)
  })
})
