import { queryObjects } from 'node:v8'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { computed, createApp, defineComponent, effect, effectScope, h, nextTick, ref, stop, type App } from 'vue'
import { stream } from '../src/api/stream'
import { i18n } from '../src/i18n'
import EventFeed from '../src/wall/EventFeed.vue'
import { plainWall } from '../src/wall/layout'
import { useWall } from '../src/wall/store'
import { countThumbs, dropThumbs, takeThumb, thumbOf } from '../src/wall/thumbs'
import { camera, event, now } from './make'

/** What was made with URL.createObjectURL and not taken back. */
const urls = new Set<string>()
let made = 0
/** Pictures that the browser is still making. */
let encoding: (() => void)[] = []

function pictures() {
  vi.stubGlobal('URL', Object.assign(class extends URL {}, {
    createObjectURL: () => {
      urls.add(`blob:${++made}`)
      return `blob:${made}`
    },
    revokeObjectURL: (u: string) => urls.delete(u),
  }))
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue({ drawImage() {}, fillText() {} } as never)
  vi.spyOn(HTMLCanvasElement.prototype, 'toBlob').mockImplementation((done) => void encoding.push(() => done(new Blob(['x']))))
}
const encode = () => encoding.splice(0).forEach((f) => f())
const video = { videoWidth: 160, videoHeight: 90, readyState: 4 } as HTMLVideoElement

const tell = (topic: string, body: unknown) => (stream as unknown as { tell: (t: string, b: unknown) => void }).tell(topic, body)
const listeners = () => [...(stream as unknown as { listeners: Map<string, Set<unknown>> }).listeners.values()].reduce((n, s) => n + s.size, 0)

describe('a wall that runs for days', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now })
    pictures()
    vi.stubGlobal('fetch', vi.fn(async (path: string) => new Response(JSON.stringify(
      path === '/api/cameras' ? { cameras: Array.from({ length: 25 }, (_, i) => ({ ...camera(), id: `c-${i}` })) }
        : path.startsWith('/api/clips') ? { clips: [{ id: 'k' + path }] } : {},
    ), { headers: { 'Content-Type': 'application/json' } })))
  })
  afterEach(() => {
    dropThumbs()
    vi.useRealTimers()
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  /** The wall's store in a page, with its feed where that is looked at. */
  function wall(feed = true) {
    let desk!: ReturnType<typeof useWall>
    const { dwell_s, lift, priority } = plainWall('x')
    const rules = ref({ dwellMs: dwell_s * 1000, max: lift, priority: priority! })
    const root = document.createElement('div')
    document.body.append(root)
    const page: App = createApp(defineComponent(() => {
      desk = useWall(false, rules, () => {})
      return () => !feed ? h('p', desk.groups.value.length) : h(EventFeed, {
        groups: desk.groups.value, marks: desk.marks.value, now: desk.now.value, error: undefined, readOnly: false, me: 'me', selected: '', nameOf: (c: string) => c, placeOf: () => '',
      })
    })).use(i18n)
    page.mount(root)
    return { desk, root, page }
  }

  it('keeps no more of three days than of an hour', async () => {
    const before = listeners()
    const { desk, page } = wall(false)
    const kept = async () => {
      await nextTick()
      return { events: desk.events.value.length, bytes: JSON.stringify(desk.events.value).length, pictures: countThumbs(), urls: urls.size }
    }
    // Twice a minute somewhere, of every kind, each picked up by its tile; the
    // connection breaks every hour. Three days are 8,640 events.
    let id = 0
    const track = Array.from({ length: 60 }, () => ({ at: new Date().toISOString(), box: [0.1, 0.2, 0.3, 0.4] }))
    async function hours(n: number) {
      for (let step = 0; step < n * 10; step++) {
        for (let k = 0; k < 12; k++) {
          vi.setSystemTime(Date.now() + 30_000)
          const e = { ...event(`e-${++id}`, 0, { camera: `c-${(id * 7) % 25}`, kind: ['person', 'vehicle', 'motion'][id % 3]! }), start: new Date().toISOString() }
          tell('event', e)
          takeThumb(video, e, 'me')
          encode()
          tell('event', { ...e, phase: 'end', end: new Date(Date.now() + 4000).toISOString(), track })
        }
        if (step % 10 === 0) tell('up', undefined)
        // The page's own clock ticks, what it asked is answered.
        await vi.advanceTimersByTimeAsync(600)
      }
    }
    await hours(3)
    const early = await kept()
    const timers = vi.getTimerCount()
    await hours(69)
    const late = await kept()
    expect(id).toBe(8640)
    for (const k of [early, late]) expect(k).toMatchObject({ events: 200, pictures: 100, urls: 100 })
    // Where everything went is not for the wall, and would be most of it.
    expect(late.bytes).toBeLessThan(200 * 300)
    expect(vi.getTimerCount()).toBeLessThanOrEqual(timers + 1)
    expect(desk.lifted.value.length).toBeLessThanOrEqual(2)
    page.unmount()
    expect(listeners()).toBe(before)
    expect(vi.getTimerCount()).toBe(0)
    dropThumbs()
    expect(urls.size).toBe(0)
  }, 120_000)

  it('shows the older ones when asked', async () => {
    const { root, page } = wall()
    // Each before another camera, so that each is an entry.
    for (let i = 0; i < 70; i++) tell('event', event(`e-${i}`, i * 1000, { camera: `x-${i}` }))
    await nextTick()
    const rows = () => root.querySelectorAll('li').length
    const older = () => root.querySelector<HTMLButtonElement>('[data-do=older]')
    expect(rows()).toBe(30)
    expect(older()!.textContent).toContain('40')
    older()!.click()
    await nextTick()
    expect(rows()).toBe(60)
    older()!.click()
    await nextTick()
    expect([rows(), older()]).toEqual([70, null])
    page.unmount()
  })
})

describe('the pictures of events', () => {
  beforeEach(pictures)
  afterEach(() => {
    dropThumbs()
    encoding = []
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
  })

  it('are none of a camera whose look ended while they were made', () => {
    takeThumb(video, event('a', 0), 'me')
    takeThumb(video, event('b', 0, { camera: 'c-2' }), 'me')
    dropThumbs('c-1')
    encode()
    expect([thumbOf('a') !== '', thumbOf('b') !== '']).toEqual([false, true])
    expect(urls.size).toBe(1)
  })

  it('leave nothing in what Vue watches once nobody asks for them', () => {
    // Vue has one such note for each thing that something on the page depends on.
    const Dep = (ref(0) as unknown as { dep: { constructor: new () => object } }).dep.constructor
    const notes = () => queryObjects(Dep, { format: 'count' }) as unknown as number
    let id = 0
    function ask(n: number) {
      for (let i = 0; i < n; i++) {
        const e = event(`n-${++id}`, 0)
        const asked = effectScope()
        // As an entry of the feed asks: through a computed value, until it is gone.
        const read = asked.run(() => {
          const url = computed(() => thumbOf(e.id))
          return effect(() => void url.value)
        })!
        takeThumb(video, e, 'me')
        encode()
        asked.stop()
        stop(read)
      }
      return notes()
    }
    const before = ask(200)
    expect(before).toBeGreaterThan(0)
    expect(ask(400) - before).toBeLessThan(100)
  })

  it('are made once, and again when the event became surer', () => {
    for (const score of [0.3, 0.35, 0.4]) {
      takeThumb(video, event('a', 0, { score }), 'me')
      encode()
    }
    expect(urls.size).toBe(1)
    const first = thumbOf('a')
    takeThumb(video, event('a', 0, { score: 0.8 }), 'me')
    // The one before stays until the new one is there, and then lets go of its bytes.
    expect(thumbOf('a')).toBe(first)
    encode()
    expect(thumbOf('a')).not.toBe(first)
    expect([...urls]).toEqual([thumbOf('a')])
  })
})
