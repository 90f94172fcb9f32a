import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { furtherTo } from '../src/evidence/further'
import { evidence, readFrames, type Frame, type Found } from '../src/evidence/api'
import { Deck } from '../src/evidence/deck'
import type { Feed } from '../src/evidence/feed'
import { bar, pictureNear, place, ticks, within, zoom } from '../src/evidence/lines'
import { bodyOf, fresh, playOf } from '../src/evidence/search'
import { looksOf, Stills } from '../src/evidence/stills'
import { arrow, hue, what, clipOf } from '../src/evidence/what'
import { local, moment, setZone, when } from '../src/i18n/time'
import { setLanguage } from '../src/i18n'

afterEach(() => setZone(undefined))

describe('times', () => {
  it('are the township\'s, whatever the computer is set to', () => {
    setZone('Asia/Shanghai')
    setLanguage('en')
    expect(local('2026-11-23T10:00:00Z')).toBe('2026-11-23T18:00:00')
    expect(moment('2026-11-23T18:00')).toBe(Date.parse('2026-11-23T10:00:00Z'))
    expect(when('2026-11-23T17:00:00Z', new Date('2026-11-23T15:59:00Z'))).toContain('24')
    setZone('America/New_York')
    for (const at of ['2026-03-08T06:59:00Z', '2026-03-08T07:30:00Z', '2026-11-01T05:30:00Z']) expect(moment(local(at))).toBe(Date.parse(at))
    expect(moment('nonsense')).toBeNaN()
  })
})

describe('the list of pictures', () => {
  it('tells key pictures and seconds', () => {
    expect(readFrames('k4000,4100,k6000')).toEqual([{ at: 4, key: true }, { at: 4.1, key: false }, { at: 6, key: true }])
    expect(readFrames('')).toEqual([])
  })
})

/** A feed with a picture every tenth of a second, a key picture every two, and a hole. */
function feed(hole: [number, number] = [1e9, 1e9]): Feed {
  const frames: Frame[] = []
  for (let i = 0; i < 600; i++) if (i / 10 < hole[0] || i / 10 >= hole[1]) frames.push({ at: i / 10, key: i % 20 === 0 })
  return {
    want: vi.fn(), close: vi.fn(), ready: () => true,
    frameAt: (at: number) => frames.filter((f) => f.at <= at + 1e-4 && at - f.at < 3).at(-1),
    before: (at: number, key = false) => frames.filter((f) => f.at < at && (!key || f.key)).at(-1),
    after: (at: number) => frames.find((f) => f.at > at + 1e-4),
  } as unknown as Feed
}

function video() {
  return { paused: true, currentTime: 0, playbackRate: 1, seeking: false, play() { this.paused = false; return Promise.resolve() }, pause() { this.paused = true } }
}

describe('the deck', () => {
  let deck: Deck
  let now = 0
  beforeEach(() => {
    vi.useFakeTimers()
    now = performance.now()
    deck = new Deck(60)
  })
  afterEach(() => {
    deck.close()
    vi.useRealTimers()
  })
  const run = (ms: number) => {
    for (let t = 0; t < ms; t += 40) deck.tick((now += 40))
  }

  it('holds every player to its clock: far ones jump, near ones are nudged', () => {
    const a = video()
    const b = video()
    deck.add('a', a as never, feed())
    deck.add('b', b as never, feed())
    deck.tick(now)
    deck.toggle()
    b.currentTime = 5
    run(40)
    expect(a.paused).toBe(false)
    expect(b.currentTime).toBeCloseTo(deck.state.at, 3)
    a.currentTime = deck.state.at - 0.05
    run(40)
    expect(a.playbackRate).toBeGreaterThan(1.05)
    expect(deck.state.apart).toBeGreaterThan(40)
  })

  it('stands while one waits for its pictures', () => {
    const slow = feed()
    let ready = false
    slow.ready = () => ready
    deck.add('a', video() as never, feed())
    deck.add('b', video() as never, slow)
    deck.toggle()
    run(400)
    expect(deck.state.at).toBe(0)
    expect(deck.state.waiting).toBe(true)
    ready = true
    run(400)
    expect(deck.state.at).toBeGreaterThan(0.3)
  })

  it('goes on where one camera recorded nothing', () => {
    const a = video()
    deck.add('a', a as never, feed([0, 30]))
    deck.add('b', video() as never, feed())
    deck.toggle()
    run(1000)
    expect(deck.state.at).toBeGreaterThan(0.8)
    expect(a.paused).toBe(true)
  })

  it('steps by picture, back to key pictures, and never outside', () => {
    deck.add('a', video() as never, feed())
    deck.seek(10.05)
    deck.forward()
    expect(deck.state.at).toBeCloseTo(10.1)
    deck.back()
    expect(deck.state.at).toBeCloseTo(10)
    deck.back(true)
    expect(deck.state.at).toBeCloseTo(8)
    deck.seek(-5)
    expect(deck.state.at).toBe(0)
    deck.seek(1000)
    expect(deck.state.at).toBeLessThan(60)
  })

  it('plays backwards, and stops at the begin', () => {
    deck.add('a', video() as never, feed())
    deck.seek(1)
    deck.setRate(-1)
    deck.toggle()
    run(500)
    expect(deck.state.at).toBeCloseTo(0.5, 1)
    run(2000)
    expect(deck.state.at).toBe(0)
    expect(deck.state.playing).toBe(false)
  })
})

describe('the timeline', () => {
  const whole = { from: 0, to: 3_600_000 }
  it('lays stretches out in the view', () => {
    expect(bar(900_000, 1_800_000, whole)).toEqual({ left: 25, width: 25 })
    expect(bar(-5, 0, whole)).toBeUndefined()
    expect(place(1_800_000, whole)).toBe(50)
  })
  it('zooms about a moment down to seconds and stays inside', () => {
    let view = whole
    for (let i = 0; i < 40; i++) view = zoom(view, 1_000_000, 0.5, whole)
    expect(view.to - view.from).toBe(4000)
    expect(view.from).toBeLessThanOrEqual(1_000_000)
    expect(view.to).toBeGreaterThanOrEqual(1_000_000)
    expect(zoom(view, 1_000_000, 1e9, whole)).toEqual(whole)
    expect(within({ from: -500, to: 500 }, whole)).toEqual({ from: 0, to: 1000 })
    expect(ticks(whole, 8).length).toBeLessThanOrEqual(8)
  })
})

it('a play goes on as far as the recording has grown, and no longer than an hour', () => {
  const [from, to] = [0, 60_000]
  expect(furtherTo(from, to, to + 5_000), 'what was just taken is not written').toBe(to)
  expect(furtherTo(from, to, to + 19_000)).toBe(to)
  expect(furtherTo(from, to, to + 90_000)).toBe(to + 80_000)
  expect(furtherTo(from, to, to + 7_200_000)).toBe(3_600_000)
  expect(furtherTo(from, 3_600_000, 9e9)).toBe(3_600_000)
})

it('a play begins where there is a picture', () => {
  const spans = [{ from: '2026-11-23T10:01:00Z', to: '2026-11-23T10:02:00Z' }, { from: '2026-11-23T10:05:00Z', to: '2026-11-23T10:06:00Z' }]
  const at = (t: string) => pictureNear(spans, Date.parse(t), 7)
  expect(at('2026-11-23T10:01:30Z')).toBe(Date.parse('2026-11-23T10:01:30Z'))
  expect(at('2026-11-23T10:03:00Z')).toBe(Date.parse('2026-11-23T10:05:00.001Z'))
  expect(at('2026-11-23T10:09:00Z')).toBe(Date.parse('2026-11-23T10:01:00.001Z'))
  expect(pictureNear(spans, NaN, 7)).toBe(Date.parse('2026-11-23T10:01:00.001Z'))
  expect(pictureNear([], 5, 7)).toBe(7)
})

const box = (x: number, y: number) => [x, y, 0.1, 0.1]
const event = (over: Partial<Found>): Found => ({ id: 'e', camera: 'a', camera_name: 'A', kind: 'motion', phase: 'end', start: '2026-11-23T10:00:00Z', peak: '', score: 1, box: box(0, 0), ...over })

describe('events', () => {
  it('are called by their label, and point where they went', () => {
    expect(what(event({ label: 'person' }))).toBe('person')
    expect(hue(event({ kind: 'intrusion' }))).toBe('rule')
    const way = (x: number, y: number) => event({ track: [{ at: '', box: box(0.5, 0.5) }, { at: '', box: box(0.5 + x, 0.5 + y) }] } as Partial<Found>)
    expect([arrow(way(0.3, 0)), arrow(way(-0.3, 0)), arrow(way(0, 0.3)), arrow(way(0, -0.3)), arrow(way(0.01, 0))]).toEqual(['→', '←', '↓', '↑', ''])
  })
  it('are played together from before the first to after the last, an hour at most', () => {
    const q = playOf([event({}), event({ camera: 'b', start: '2026-11-23T10:05:00Z', end: '2026-11-23T10:05:30Z' })]).query
    expect(q.cameras).toBe('a,b')
    expect(q.from).toBe('2026-11-23T09:59:00.000Z')
    const far = playOf([event({}), event({ start: '2026-11-23T14:00:00Z' })]).query
    expect(Date.parse(far.to) - Date.parse(far.from)).toBeLessThanOrEqual(3_600_000)
  })
  it('are taken along with what led to them, long enough to be veiled, within the play', () => {
    const at = (s: string) => Date.parse('2026-11-23T10:' + s + 'Z')
    const play = [at('00:00'), at('10:00')] as const
    const took = (start: string, end?: string) => {
      const c = clipOf({ start: '2026-11-23T10:' + start + 'Z', ...(end && { end: '2026-11-23T10:' + end + 'Z' }) }, ...play)
      return [(c.from - play[0]) / 1000, (c.to - play[0]) / 1000]
    }
    expect(took('05:00', '05:40')).toEqual([295, 345])
    expect(took('05:00', '05:02')).toEqual([295, 315])
    expect(took('00:02', '00:04')).toEqual([0, 17])
    expect(took('09:58', '09:59')).toEqual([580, 600])
    expect(took('09:00')).toEqual([535, 600])
  })
  it('are asked for as the form says', () => {
    setZone('Asia/Shanghai')
    const b = bodyOf({ ...fresh(Date.parse('2026-11-23T10:00:00Z')), what: ['person', 'crowd'], size: 'medium', region: [[0, 0], [1, 0], [1, 1]] })
    expect(b.from).toBe('2026-11-22T10:00:00.000Z')
    expect(b.kinds).toEqual(['person', 'crowd'])
    expect(b.labels).toEqual(['person'])
    expect([b.min_area, b.max_area]).toEqual([0.02, 0.1])
  })
})

describe('stills', () => {
  const at = (id: string, camera: string, minute: number) => ({ id, camera, start: new Date(minute * 60_000).toISOString() }) as Found

  it('are as few looks as say honestly when was looked at: a camera each, ten minutes at most', () => {
    const looks = looksOf([at('late', 'c-1', 40), at('a', 'c-1', 2), at('b', 'c-1', 8), at('other', 'c-2', 3)])
    expect(looks.map((l) => [l.camera, l.events])).toEqual([['c-1', ['a', 'b']], ['c-2', ['other']], ['c-1', ['late']]])
    for (const l of looks) expect(l.to - l.from).toBeLessThanOrEqual(600_000)
    expect(looks[0]!.from).toBeLessThan(2 * 60_000 - 40_000)
  })

  it('open each look once, end it behind its last picture, and say why one may not be shown', async () => {
    const done: string[] = []
    vi.spyOn(evidence, 'open').mockImplementation(async (body) => {
      done.push('open ' + body.cameras[0])
      return { id: 'play-' + body.cameras[0], cameras: [{ id: body.cameras[0], allowed: body.cameras[0] !== 'c-2', text: 'paused' }] } as never
    })
    vi.spyOn(evidence, 'still').mockResolvedValue(new ArrayBuffer(8))
    vi.spyOn(evidence, 'end').mockImplementation(async (id) => void done.push('end ' + id))
    const events = [at('a', 'c-1', 2), at('b', 'c-1', 3), at('other', 'c-2', 3)]
    const stills = new Stills(events, { purpose: 'public_safety', case: 'k' })
    expect((await stills.film(events[0]!))?.byteLength).toBe(8)
    expect(done).toEqual(['open c-1'])
    await stills.film(events[1]!)
    await vi.waitFor(() => expect(done).toEqual(['open c-1', 'end play-c-1']))
    await expect(stills.film(events[2]!)).rejects.toMatchObject({ status: 403 })
    vi.restoreAllMocks()
  })
})
