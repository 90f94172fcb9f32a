import { describe, expect, it } from 'vitest'
import { arrows, asKind, fault, freeName, fresh, kindNames, kinds } from '../src/rules/kinds'

describe('a rule', () => {
  it('of every kind begins as one that the service takes', () => {
    for (const kind of kindNames) {
      const r = asKind(fresh('a'), kind)
      expect(fault([r])).toBe('')
      expect(r.zone !== undefined).toBe(kinds[kind].draw === 'zone')
      expect(r.line?.length).toBe(kinds[kind].draw === 'line' ? 2 : undefined)
    }
  })

  it('keeps its zone where the next kind has one', () => {
    const zone: [number, number][] = [[0, 0], [1, 0], [1, 1]]
    expect(asKind({ ...fresh('a'), zone }, 'loitering').zone).toBe(zone)
    expect(asKind({ ...fresh('a'), zone }, 'line_crossing').zone).toBeUndefined()
  })

  it('has a name of its own', () => {
    expect(freeName('gate', ['gate', 'gate 2'])).toBe('gate 3')
    expect(fault([fresh('a'), fresh('a ')])).toBe('rules.same_name')
    expect(fault([fresh('  ')])).toBe('rules.nameless')
    expect(fault([fresh('名'.repeat(22))])).toBe('rules.name_long')
  })

  it('says what numbers cannot be', () => {
    expect(fault([{ ...fresh('a'), seconds: NaN }])).toBe('rules.bad_seconds')
    expect(fault([{ ...asKind(fresh('a'), 'crowd'), count: 0 }])).toBe('rules.bad_count')
    expect(fault([{ ...asKind(fresh('a'), 'line_crossing'), line: [[0.5, 0.5], [0.5, 0.5]] }])).toBe('rules.no_line')
  })

  it('points across its line to the side that is reached, as the engine counts sides', () => {
    // From the bottom upwards, right is the right of the picture.
    const up: [number, number][] = [[0.5, 1], [0.5, 0]]
    const [[, , x]] = arrows(up, 'right', 100, 100, 10) as [[number, number, number, number]]
    expect(x).toBeCloseTo(60)
    expect(arrows(up, 'left', 100, 100, 10)[0]![2]).toBeCloseTo(40)
    expect(arrows(up, undefined, 100, 100, 10)).toHaveLength(2)
  })
})
