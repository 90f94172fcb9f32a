import { describe, expect, it, vi } from 'vitest'
import { Problem } from '../src/api/client'
import type { Event } from '../src/api/types'
import { mosaic, neighbour, type Rect } from '../src/wall/mosaic'
import { arrange, moved, ownId, plainWall } from '../src/wall/layout'
import { groupEvents } from '../src/wall/groups'
import { keys, groupsOfKeys, actionOf } from '../src/wall/keys'
import { lift as liftBy } from '../src/wall/lift'
import { coverage, bounds, rings } from '../src/wall/geo'
import { cropFor } from '../src/wall/thumbs'
import { Clocks } from '../src/live/clocks'
import { mergeEvent } from '../src/wall/store'
import { staleMs } from '../src/live/useLive'
import { denialKind, tileState } from '../src/wall/tileState'
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

const picture = (r: Rect, w: number, h: number) => Math.min(r.w * w, (r.h * h * 16) / 9)

describe('the mosaic', () => {
  it('leaves no part of the area empty and no tile over another, for any number, shape and lifting', () => {
    for (const n of [1, 2, 3, 5, 7, 8, 9, 13, 25, 36, 64]) for (const lifted of [0, 1, 2, 4]) for (const [w, h] of [[1600, 900], [390, 600], [3840, 1200], [0, 0]] as const) {
      const places = mosaic(n, lifted, w, h)
      expect(places).toHaveLength(n)
      expect(places.reduce((sum, r) => sum + r.w * r.h, 0), `${n} ${lifted} ${w}`).toBeCloseTo(1, 6)
      for (const [i, a] of places.entries()) for (const b of places.slice(i + 1)) {
        const over = Math.max(0, Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x)) * Math.max(0, Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y))
        if (over > 1e-9) expect.fail(`${n} ${lifted}: tiles overlap`)
      }
    }
  })

  it('makes lifted tiles clearly larger, and the others as large as that allows', () => {
    for (const n of [4, 9, 25, 36]) for (const lifted of [1, 2]) {
      const places = mosaic(n, lifted, 3000, 1900)
      const small = picture(places.at(-1)!, 3000, 1900)
      expect(picture(places[0]!, 3000, 1900) / small, `${n}`).toBeGreaterThan(1.6)
      expect(small, `${n}`).toBeGreaterThan(0.5 * picture(mosaic(n, 0, 3000, 1900)[0]!, 3000, 1900))
    }
  })

  it.each([[1, 1600, 900, 1600], [2, 1600, 900, 800], [4, 1600, 900, 800], [9, 1600, 900, 1600 / 3], [25, 1600, 900, 320], [2, 3200, 900, 1600]])('%d tiles in %dx%d: pictures %d wide', (n, w, h, want) => {
    for (const r of mosaic(n, 0, w, h)) expect(picture(r, w, h)).toBeCloseTo(want, 3)
  })

  it('is walked with the arrows and has an edge', () => {
    const nine = mosaic(9, 0, 1600, 900)
    expect(neighbour(0, nine, 'ArrowRight')).toBe(1)
    expect(neighbour(0, nine, 'ArrowDown')).toBe(3)
    expect(neighbour(0, nine, 'ArrowUp')).toBe(0)
    expect(neighbour(8, nine, 'ArrowRight')).toBe(8)
    expect(neighbour(4, nine, 'x')).toBe(4)
    const lifted = mosaic(9, 1, 1600, 900)
    for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) {
      let at = 8
      for (let i = 0; i < 20; i++) at = neighbour(at, lifted, key)
      expect(neighbour(at, lifted, key)).toBe(at)
    }
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

  it('puts what happens again and again into one entry', () => {
    const over = (id: string, ago: number, lasted: number, more = {}) => event(id, ago, { phase: 'end', end: new Date(now - ago + lasted).toISOString(), kind: 'motion', ...more })
    const list = [event('run', 1000, { kind: 'motion' }), over('b', 20_000, 4000), over('a', 40_000, 4000), over('seen', 50_000, 1000, { verdict: 'seen' }), over('old', 40 * 60_000, 1000), over('else', 41_000, 1000, { camera: 'c-2' })]
    const groups = groupEvents(list, now)
    expect(groups.map((g) => [g.id, g.events.length, g.running, g.open])).toEqual([
      ['a', 3, true, true], ['seen', 1, false, false], ['old', 1, false, true], ['else', 1, false, true],
    ])
  })

  it('keeps a group from growing for ever', () => {
    const list = Array.from({ length: 100 }, (_, i) => event(`e${i}`, i * 30_000, { kind: 'motion', phase: 'end', end: new Date(now - i * 30_000 + 1000).toISOString() }))
    const groups = groupEvents(list, now)
    expect(groups.length).toBeGreaterThan(3)
    for (const g of groups) expect(g.to - g.from).toBeLessThanOrEqual(10 * 60_000 + 1)
  })

  describe('lifts', () => {
    const rules = { dwellMs: 12_000, max: 2, priority: plainWall('').priority! }
    const lift = (before: Parameters<typeof liftBy>[0], events: Event[], at: number, over = {}) => liftBy(before, events, at, { ...rules, ...over })
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
      const full = [{ camera: 'c-1', since: now, rank: 7, motion: false }, { camera: 'c-2', since: now, rank: 10, motion: true }]
      const list = [event('p', 100, { camera: 'c-3' }), event('a', 1000), event('b', 1000, { camera: 'c-2', kind: 'motion' })]
      expect(cameras(lift(full, list, now))).toEqual(['c-1', 'c-3'])
    })

    it('what the wall calls urgent before what it does not, and nothing that it does not name', () => {
      const list = [event('p', 100), event('i', 200, { camera: 'c-2', kind: 'intrusion' }), event('v', 300, { camera: 'c-3', kind: 'vehicle' })]
      const person = lift([], [list[0]!], now, { max: 1 })
      expect(cameras(lift(person, list, now, { max: 1 }))).toEqual(['c-2'])
      expect(cameras(lift([], list, now, { priority: ['vehicle'] }))).toEqual(['c-3'])
      expect(lift([], list, now, { max: 0 })).toEqual([])
    })

    it('nothing that is long over, went quiet, or is no event in a picture', () => {
      expect(cameras(lift([], [ended('a', 11_000)], now))).toEqual(['c-1'])
      expect(lift([{ camera: 'c-1', since: 0, rank: 7, motion: false }], [ended('a', 13_000)], now)).toEqual([])
      expect(lift([], [event('a', 6 * 60_000)], now)).toEqual([])
      expect(lift([], [event('a', 1000, { kind: 'camera_offline' })], now)).toEqual([])
    })
  })
})

describe('a wall', () => {
  const some = ['a', 'b', 'c'].map((id) => ({ ...camera({ live: { decision: id === 'a' ? 'deny' : 'allow' } }), id, name: id }))
  const ids = (tiles: string[], only = false) => arrange(some, { ...plainWall('x'), tiles, only }).map((c) => c.id)

  it('shows what it names in its order, then the others with pictures first', () => {
    expect(ids([])).toEqual(['b', 'c', 'a'])
    expect(ids(['c'])).toEqual(['c', 'b', 'a'])
    expect(ids(['a', 'gone', 'c'], true)).toEqual(['a', 'c'])
  })

  it('moves a tile to where it was dropped', () => {
    expect(moved(['a', 'b', 'c'], 'a', 'c')).toEqual(['b', 'c', 'a'])
    expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b'])
    expect(moved(['a', 'b'], 'x', 'a')).toEqual(['a', 'b'])
  })

  it('has an address that is one', () => {
    expect(ownId('officer:Chen_1')).toMatch(/^[a-z0-9][a-z0-9-]*$/)
  })
})

describe('the keys', () => {
  it('that help names are those that do something', () => {
    const named = new Set<string>(Object.values(groupsOfKeys).flat())
    const done = new Set<string>([...Object.values(keys)].map((a) => (a === 'pageUp' || a === 'pageDown' ? 'pages' : a)))
    expect([...named].filter((k) => k !== 'arrows' && k !== 'move').sort()).toEqual([...done].sort())
  })

  it('change nothing at a kiosk, and leave the browser its own', () => {
    const press = (key: string, over = {}) => new KeyboardEvent('keydown', { key, ...over })
    expect(actionOf(press('a'), false)).toBe('answer')
    expect(actionOf(press('A'), false)).toBe('answer')
    for (const key of ['a', 's', 'x', 'i', 'g', 'c', 'h', 'e', 'l', 'p']) expect(actionOf(press(key), true), key).toBeUndefined()
    expect(actionOf(press('f'), true)).toBe('full')
    expect(actionOf(press('r', { ctrlKey: true }), false)).toBeUndefined()
  })
})

describe('an event\'s picture', () => {
  it('lies within the frame, in its shape, around the box', () => {
    for (const box of [[0, 0, 0.05, 0.05], [0.95, 0.9, 0.05, 0.1], [0.4, 0.4, 0.2, 0.5], [0, 0, 1, 1], undefined, [0.5, 0.5, 0, 0]]) {
      const c = cropFor(box, 640, 360)
      expect(c.left).toBeGreaterThanOrEqual(0)
      expect(c.top).toBeGreaterThanOrEqual(0)
      expect(c.left + c.width).toBeLessThanOrEqual(640.001)
      expect(c.top + c.height).toBeLessThanOrEqual(360.001)
      expect(c.width / c.height).toBeCloseTo(16 / 9, 2)
    }
  })
})

describe('the map', () => {
  it('draws around an incident as far as owners agreed, and nothing where none did', () => {
    const at = (radius_m: number) => ({ id: 'i', radius_m, position: { lat: 25.7, lon: 103.8 } }) as never
    expect(rings([at(0)]).features).toHaveLength(0)
    const [ring] = rings([at(400)]).features
    const north = Math.max(...(ring!.geometry as GeoJSON.Polygon).coordinates[0]!.map((p) => p[1]!))
    expect((north - 25.7) * 111_195).toBeCloseTo(400, 0)
  })

  it('draws what a camera sees, to where it looks', () => {
    const c = { ...camera(), aim: { heading_deg: 90, fov_deg: 60, range_m: 100 } }
    const ring = (coverage([c]).features[0]!.geometry as unknown as { coordinates: number[][][] }).coordinates[0]!
    for (const [lon, lat] of ring) {
      expect(lon!).toBeGreaterThanOrEqual(103)
      expect(Math.abs(lat! - 25) * 111_195).toBeLessThan(51)
    }
    expect(coverage([camera()]).features).toEqual([])
    expect(bounds([], [])).toBeUndefined()
  })
})

describe('the delay', () => {
  const at = 1_700_000_000_000
  async function known(source: 'sender_report' | 'arrival', media: number) {
    vi.useFakeTimers()
    try {
      const clocks = new Clocks(async () => ({ now: new Date(performance.timeOrigin + performance.now()).toISOString(), clocks: [{ ticket: 't', camera: 'c', media, wall: new Date(at).toISOString(), source, uncertainty_ms: 1 }] }))
      const off = clocks.use()
      await vi.advanceTimersByTimeAsync(1000)
      return { clocks, off }
    } finally {
      vi.useRealTimers()
    }
  }

  it('is measured from when the picture was taken, over the wrap of RTP time', async () => {
    const { clocks, off } = await known('sender_report', 2 ** 32 - 45_000)
    // Half a second after the mark on the media clock, shown 800 ms after it on ours.
    const d = clocks.delay('t', 0, at + 800)
    expect(d!.whole).toBe(true)
    expect(Math.abs(d!.ms - 300)).toBeLessThan(20)
    off()
    expect(clocks.delay('t', 0, at + 800)).toBeUndefined()
  })

  it('is at least, without the camera\'s clock, and nothing where it cannot be', async () => {
    const { clocks, off } = await known('arrival', 1000)
    expect(clocks.delay('t', 1000, at + 200)!.whole).toBe(false)
    expect(clocks.delay('t', 1000 + 90_000 * 60, at)).toBeUndefined()
    expect(clocks.delay('t', 1000, at + 70_000)).toBeUndefined()
    expect(clocks.delay('other', 1000, at)).toBeUndefined()
    off()
  })
})
