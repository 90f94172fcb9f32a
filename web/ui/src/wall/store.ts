import { computed, onMounted, onUnmounted, reactive, ref, shallowRef, watch } from 'vue'
import { api } from '../api/client'
import { stream } from '../api/stream'
import type { Camera, CameraChange, Event, Incident, Place } from '../api/types'

// How long a lifted tile stays large after its event ended, and at the least:
// a wall whose tiles jump every second cannot be watched.
const dwellMs = 12_000
const maxLifted = 2
// Mere motion lifts one tile at a time and leaves room for what is known to be
// more than that.
const maxLiftedByMotion = 1
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

/** A camera whose tile is lifted, since when, and whether by mere motion. */
export interface Lift {
  camera: string
  since: number
  motion: boolean
}

/**
 * Which cameras' tiles are lifted now. Who is lifted stays so for its dwell;
 * newer events wait for a place unless they are more than motion and a tile
 * lifted by mere motion can go.
 */
export function lift(before: readonly Lift[], events: readonly Event[], now: number): Lift[] {
  const wanted = new Map<string, boolean>()
  for (const e of events) {
    if (e.verdict || e.kind === 'camera_offline') continue
    const until = e.phase === 'end' ? Date.parse(e.end ?? e.start) + dwellMs : Infinity
    // An event that never says it ended must not hold the wall for ever.
    const stale = now - Date.parse(e.peak ?? e.start) > 5 * 60_000
    if (now >= until || stale) continue
    wanted.set(e.camera, (wanted.get(e.camera) ?? true) && e.kind === 'motion' && !e.label)
  }
  const out = before.filter((l) => wanted.has(l.camera)).map((l) => ({ ...l, motion: wanted.get(l.camera)! }))
  for (const [camera, motion] of wanted) {
    if (out.some((l) => l.camera === camera)) continue
    if (motion && out.filter((l) => l.motion).length >= maxLiftedByMotion) {
      const oldest = out.findIndex((l) => l.motion && now - l.since > dwellMs)
      if (oldest < 0) continue
      out.splice(oldest, 1)
    }
    if (out.length >= maxLifted) {
      const gives = out.findIndex((l) => (!motion && l.motion) || now - l.since > dwellMs)
      if (gives < 0) continue
      out.splice(gives, 1)
    }
    out.push({ camera, since: now, motion })
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
  const lifts = shallowRef<Lift[]>([])
  const lifted = computed(() => lifts.value.map((l) => l.camera))
  watch([events, now], () => {
    // A tile that may not be shown would only be a large refusal: it stays in
    // its place, and the feed says what happened there.
    const shows = new Set(cameras.value.filter((c) => c.live.decision === 'allow').map((c) => c.id))
    const next = lift(lifts.value.filter((l) => shows.has(l.camera)), events.value.filter((e) => shows.has(e.camera)), now.value)
    if (next.length > 0 || lifts.value.length > 0) lifts.value = next
  })

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
        const { camera, stream: which, ...link } = b as CameraChange
        const c = cameras.value.find((x) => x.id === camera)
        if (!c) return refreshSoon(300)
        // The tiles show the main stream; its link is what the list had.
        if (which === 'main') c.link = link
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
