import { computed, onMounted, onUnmounted, reactive, ref, shallowRef } from 'vue'
import { api } from '../api/client'
import { stream } from '../api/stream'
import type { Camera, Event, Incident, Link, Place } from '../api/types'

// How long a new event keeps its tile large after it ended, and how many at a
// time: more than two large tiles and none stands out.
const dwellMs = 12_000
const maxLifted = 2
const feedLength = 200
const refreshMs = 60_000

/** Puts an event where it belongs: one entry an event, newest first, whatever phase came. */
export function mergeEvent(list: Event[], e: Event): Event[] {
  const i = list.findIndex((x) => x.id === e.id)
  if (i >= 0) {
    const next = list.slice()
    next[i] = { ...list[i], ...e }
    return next
  }
  return [e, ...list].sort((a, b) => Date.parse(b.start) - Date.parse(a.start)).slice(0, feedLength)
}

/** Which cameras' tiles are lifted now, newest event first. */
export function liftedCameras(events: Event[], now: number): string[] {
  const out: string[] = []
  for (const e of events) {
    if (e.verdict || e.kind === 'camera_offline') continue
    const until = e.phase === 'end' ? Date.parse(e.end ?? e.start) + dwellMs : Infinity
    // An event that never says it ended must not hold the wall for ever.
    const stale = now - Date.parse(e.peak ?? e.start) > 5 * 60_000
    if (now < until && !stale && !out.includes(e.camera)) out.push(e.camera)
    if (out.length === maxLifted) break
  }
  return out
}

/** Everything the wall knows, kept up to date by the event stream. */
export function useWall(kiosk: boolean) {
  const cameras = ref<Camera[]>([])
  const places = shallowRef<Map<string, Place>>(new Map())
  const events = shallowRef<Event[]>([])
  const incidents = ref<Incident[]>([])
  const now = ref(Date.now())
  const load = reactive<{ error: unknown; done: boolean; feedError: unknown }>({ error: undefined, done: false, feedError: undefined })
  const offs: (() => void)[] = []
  let soon: ReturnType<typeof setTimeout> | undefined

  const open = computed(() => incidents.value.filter((i) => i.open && Date.parse(i.to) > now.value))
  const lifted = computed(() => liftedCameras(events.value, now.value))

  async function loadCameras() {
    try {
      cameras.value = await api.cameras()
      load.error = undefined
    } catch (err) {
      load.error = err
    } finally {
      load.done = true
    }
  }
  async function loadEvents() {
    try {
      const got = await api.events({ limit: 60 })
      let list = events.value
      for (const e of got) list = mergeEvent(list, e)
      events.value = list
      load.feedError = undefined
    } catch (err) {
      load.feedError = err
    }
  }
  async function loadIncidents() {
    if (kiosk) return
    incidents.value = await api.incidents().catch(() => incidents.value)
  }
  async function loadPlaces() {
    const list = await api.places().catch(() => [])
    if (list.length > 0) places.value = new Map(list.map((p) => [p.id, p]))
  }
  function refresh() {
    void loadPlaces()
    void loadCameras()
    void loadEvents()
    void loadIncidents()
  }
  /** Asks again soon, once for a burst of changes. */
  function refreshSoon(ms: number) {
    clearTimeout(soon)
    soon = setTimeout(() => void loadCameras(), ms)
  }

  async function findClip(id: string) {
    const clips = await api.clips({ event: id }).catch(() => [])
    if (clips[0]) events.value = mergeEvent(events.value, { id, clip: clips[0].id } as Event)
  }

  function onEvent(body: unknown) {
    const e = body as Event
    if (!e?.id) return
    const known = events.value.find((x) => x.id === e.id)
    e.camera_name ??= known?.camera_name ?? cameras.value.find((c) => c.id === e.camera)?.name
    events.value = mergeEvent(events.value, e)
    // The clip of an event is whole a few seconds after the event.
    if (e.phase === 'end' && !e.clip) offs.push(later(() => void findClip(e.id), 4000))
  }

  function later(f: () => void, ms: number) {
    const timer = setTimeout(f, ms)
    return () => clearTimeout(timer)
  }

  onMounted(() => {
    refresh()
    offs.push(
      stream.on('event', onEvent),
      stream.on('camera', (b) => {
        const s = b as Link & { camera?: string; stream?: string }
        const c = cameras.value.find((x) => x.id === s.camera)
        if (!c) return refreshSoon(300)
        if (s.stream !== 'main' || c.link.state === undefined) Object.assign(c.link, { code: '', detail: '' }, s)
      }),
      stream.on('consent', () => refreshSoon(150)),
      stream.on('up', refresh),
      stream.on('missed', refresh),
    )
    const tick = setInterval(() => (now.value = Date.now()), 500)
    const slow = setInterval(() => {
      void loadCameras()
      void loadIncidents()
    }, refreshMs)
    offs.push(() => clearInterval(tick), () => clearInterval(slow), () => clearTimeout(soon))
  })
  onUnmounted(() => offs.forEach((off) => off()))

  async function judge(e: Event, verdict: 'seen' | 'false_alarm') {
    await api.verdict(e.id, verdict)
    events.value = mergeEvent(events.value, { ...e, verdict })
  }

  return { cameras, places, events, incidents, open, lifted, now, load, refresh, loadCameras, loadIncidents, judge }
}
