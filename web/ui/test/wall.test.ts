import { describe, expect, it } from 'vitest'
import { Problem } from '../src/api/client'
import type { Event } from '../src/api/types'
import { mosaic, neighbour } from '../src/wall/mosaic'
import { lift, mergeEvent } from '../src/wall/store'
import { denialKind, staleMs, tileState } from '../src/wall/tileState'
import { camera, event, now, player } from './make'

describe('a tile', () => {
  it('is live only while pictures come', () => {
    expect(tileState(camera(), player({ phase: 'playing', lastFrame: now - staleMs }), now)).toMatchObject({ kind: 'live', picture: true })
    expect(tileState(camera(), player({ phase: 'playing', lastFrame: now - staleMs - 1 }), now)).toMatchObject({
      kind: 'frozen', picture: false, since: now - staleMs - 1,
    })
  })

  it('shows a picture in no other state', () => {
    const phases = ['idle', 'connecting', 'retrying', 'denied', 'ended'] as const
    for (const phase of phases) for (const lastFrame of [0, now - 10]) for (const state of ['live', 'backoff', 'idle']) {
      const s = tileState(camera({ link: { state } }), player({ phase, lastFrame, problem: phase === 'denied' ? new Problem(403, {}) : undefined }), now)
      expect(s.picture, `${phase} ${state}`).toBe(false)
    }
  })

  it('says since when there is no signal, and why', () => {
    const c = camera({ link: { state: 'backoff', code: 'camera_unreachable', last_unit: '2026-11-23T09:00:00Z' } })
    expect(tileState(c, player({ phase: 'retrying' }), now)).toMatchObject({ kind: 'no_signal', since: Date.parse('2026-11-23T09:00:00Z'), text: 'camera_unreachable' })
  })

  it.each([
    ['withdrawn', ['consent_withdrawn']], ['paused', ['consent_paused']], ['outside_hours', ['outside_slot']],
    ['needs_reason', ['no_ground']], ['denied', ['outside_jurisdiction']], ['denied', []],
    // The most telling of several is the one that ends all hope.
    ['withdrawn', ['outside_slot', 'consent_withdrawn']],
  ])('is %s for %j', (kind, reasons) => {
    expect(denialKind(reasons)).toBe(kind)
    expect(tileState(camera({ live: { decision: 'deny', reasons } }), player(), now).kind).toBe(kind)
    expect(tileState(camera(), player({ phase: 'denied', problem: new Problem(403, { reasons, text: 'x' }) }), now)).toMatchObject({ kind, text: 'x' })
  })

  it('says what ended a view', () => {
    expect(tileState(camera(), player({ phase: 'ended', reason: 'consent_withdrawn' }), now).kind).toBe('withdrawn')
    expect(tileState(camera(), player({ phase: 'ended', reason: 'signed_out' }), now)).toMatchObject({ kind: 'ended', reasons: ['signed_out'] })
  })

  it('tells the service away, overloaded and stalled apart', () => {
    const of = (status: number, code: string, lastFrame = 0) => tileState(camera(), player({ phase: 'retrying', lastFrame, problem: new Problem(status, { code }) }), now).kind
    expect(of(0, 'unreachable')).toBe('server_away')
    expect(of(503, 'overloaded')).toBe('overloaded')
    expect(of(503, 'camera_stalled')).toBe('no_signal')
    expect(of(503, 'audit_unavailable')).toBe('unavailable')
    expect(tileState(camera(), player({ phase: 'retrying', lastFrame: now - 900 }), now).kind).toBe('reconnecting')
    expect(tileState(camera(), player({ phase: 'connecting' }), now).kind).toBe('connecting')
  })
})

describe('the mosaic', () => {
  it.each([
    [1, 1600, 900, 1, 1], [2, 1600, 900, 1, 2], [2, 3200, 900, 2, 1], [4, 1600, 900, 2, 2], [9, 1600, 900, 3, 3], [25, 1600, 900, 5, 5],
  ])('%d tiles in %dx%d: %d columns', (n, w, h, columns, rows) => {
    expect(mosaic(n, 0, w, h)).toEqual({ columns, rows })
  })

  it('has room for every tile, lifted ones counted fourfold', () => {
    for (let n = 1; n <= 60; n++) for (const lifted of [0, 1, 2]) for (const [w, h] of [[1600, 900], [390, 600], [3840, 1200], [0, 0]] as const) {
      const g = mosaic(n, Math.min(lifted, n), w, h)
      expect(g.columns * g.rows).toBeGreaterThanOrEqual(n + 3 * Math.min(lifted, n))
      if (lifted > 0 && n > 1) expect(Math.min(g.columns, g.rows)).toBeGreaterThanOrEqual(2)
    }
  })

  it('is walked with the arrows and has an edge', () => {
    expect(neighbour(0, 9, 3, 'ArrowRight')).toBe(1)
    expect(neighbour(0, 9, 3, 'ArrowDown')).toBe(3)
    expect(neighbour(0, 9, 3, 'ArrowUp')).toBe(0)
    expect(neighbour(8, 9, 3, 'ArrowRight')).toBe(8)
    expect(neighbour(4, 9, 3, 'x')).toBe(4)
  })
})

describe('the feed', () => {
  it('has one entry an event, whatever phases came', () => {
    let list = mergeEvent([], event('a', 5000))
    list = mergeEvent(list, event('b', 9000))
    list = mergeEvent(list, event('a', 5000, { phase: 'end', end: new Date(now).toISOString() }))
    expect(list.map((e) => [e.id, e.phase])).toEqual([['a', 'end'], ['b', 'begin']])
  })

  it('keeps what a later phase does not repeat', () => {
    const list = mergeEvent([event('a', 1, { verdict: 'seen', clip: 'k' })], event('a', 1, { phase: 'end' }))
    expect(list[0]).toMatchObject({ verdict: 'seen', clip: 'k', phase: 'end' })
  })

  it('is bounded', () => {
    let list: Event[] = []
    for (let i = 0; i < 1000; i++) list = mergeEvent(list, event(`e${i}`, 10_000 - i))
    expect(list).toHaveLength(200)
    expect(list[0]!.id).toBe('e999')
  })

  describe('lifts', () => {
    const cameras = (l: ReturnType<typeof lift>) => l.map((x) => x.camera)
    const ended = (id: string, ago: number, over = {}) => event(id, 60_000, { phase: 'end', end: new Date(now - ago).toISOString(), ...over })

    it('the newest two that are more than motion', () => {
      const list = [event('a', 1000), event('b', 2000, { camera: 'c-2' }), event('c', 3000, { camera: 'c-3' })]
      expect(cameras(lift([], list, now))).toEqual(['c-1', 'c-2'])
      list[0]!.verdict = 'seen'
      expect(cameras(lift([], list, now))).toEqual(['c-2', 'c-3'])
    })

    it('one for mere motion, and keeps it for its dwell', () => {
      const motion = { kind: 'motion' }
      const a = lift([], [event('a', 1000, motion), event('b', 2000, { ...motion, camera: 'c-2' })], now)
      expect(cameras(a)).toEqual(['c-1'])
      const both = [event('b', 500, { ...motion, camera: 'c-2' }), event('a', 1000, motion)]
      expect(cameras(lift(a, both, now + 11_000))).toEqual(['c-1'])
      expect(cameras(lift(a, both, now + 13_000))).toEqual(['c-2'])
    })

    it('a person in the place of mere motion, at once', () => {
      const full = [{ camera: 'c-1', since: now, motion: false }, { camera: 'c-2', since: now, motion: true }]
      const list = [event('p', 100, { camera: 'c-3' }), event('a', 1000), event('b', 1000, { camera: 'c-2', kind: 'motion' })]
      expect(cameras(lift(full, list, now))).toEqual(['c-1', 'c-3'])
    })

    it('nothing that is long over, went quiet, or is no event in a picture', () => {
      expect(cameras(lift([], [ended('a', 11_000)], now))).toEqual(['c-1'])
      expect(lift([{ camera: 'c-1', since: 0, motion: false }], [ended('a', 13_000)], now)).toEqual([])
      expect(lift([], [event('a', 6 * 60_000)], now)).toEqual([])
      expect(lift([], [event('a', 1000, { kind: 'camera_offline' })], now)).toEqual([])
    })
  })
})
