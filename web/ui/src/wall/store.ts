import { computed, onMounted, onUnmounted, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { api } from '../api/client'
import { stream } from '../api/stream'
import type { Button, Call, Camera, CameraChange, DeskChange, Event, Incident, Mark, Place } from '../api/types'
import { wallApi } from './api'
import { groupEvents } from './groups'
import { lift, type Lift, type LiftRules } from './lift'
import { keepThumbsOf } from './thumbs'

const feedLength = 200
const refreshMs = 60_000
const groupMs = 5000

/** What a wall shows of an event. The way of what moved is for evidence, and many times as large as all the rest. */
function shownOf(event: Event): Event {
  const { track, others, grant, ...rest } = event
  return rest
}

/** Puts an event where it belongs: one entry an event, newest first, whatever phase came. */
export function mergeEvent(list: Event[], event: Event): Event[] {
  const e = shownOf(event)
  const i = list.findIndex((x) => x.id === e.id)
  if (i >= 0) {
    const next = list.slice()
    next[i] = { ...list[i], ...e }
    return next
  }
  const start = Date.parse(e.start)
  const older = list.findIndex((x) => !(Date.parse(x.start) > start))
  const at = older < 0 ? list.length : older
  return [...list.slice(0, at), e, ...list.slice(at)].slice(0, feedLength)
}

/** A timer that answers a burst of changes once. */
function soon(f: () => unknown, ms: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      void f()
    }, ms)
  }
  return { ask, stop: () => clearTimeout(timer) }
}

/** Everything the wall knows, kept up to date by the event stream. */
export function useWall(kiosk: boolean, rules: Ref<LiftRules>, changed: (kind: string) => void) {
  const cameras = ref<Camera[]>([])
  const places = shallowRef<Map<string, Place>>(new Map())
  const events = shallowRef<Event[]>([])
  const incidents = ref<Incident[]>([])
  const calls = shallowRef<Call[]>([])
  const buttons = shallowRef<Button[]>([])
  const marks = shallowRef<Map<string, Mark>>(new Map())
  const now = ref(Date.now())
  const load = reactive<{ error: unknown; done: boolean; feedError: unknown; callError: unknown }>({ error: undefined, done: false, feedError: undefined, callError: undefined })
  const timers = new Set<ReturnType<typeof setTimeout>>()
  const offs: (() => void)[] = []

  const open = computed(() => incidents.value.filter((i) => i.open && Date.parse(i.to) > now.value))
  const waiting = computed(() => calls.value.filter((c) => c.state !== 'closed'))
  // What still goes on makes its group longer; every few seconds is often enough
  // to lay the whole list out anew.
  const step = computed(() => Math.ceil(now.value / groupMs) * groupMs)
  const groups = computed(() => groupEvents(events.value, step.value))
  watch(events, keepThumbsOf)
  const lifts = shallowRef<Lift[]>([])
  const lifted = computed(() => lifts.value.map((l) => l.camera))
  watch([events, now, rules], () => {
    // A tile that may not be shown would only be a large refusal: it stays in
    // its place, and the feed says what happened there.
    const shows = new Set(cameras.value.filter((c) => c.live.decision === 'allow').map((c) => c.id))
    const next = lift(lifts.value.filter((l) => shows.has(l.camera)), events.value.filter((e) => shows.has(e.camera)), now.value, rules.value)
    // Only a change is news: everything on the wall is laid out by this.
    if (JSON.stringify(next) !== JSON.stringify(lifts.value)) lifts.value = next
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
      let list = events.value
      for (const e of await api.events({ limit: 100 })) list = mergeEvent(list, e)
      events.value = list
      load.feedError = undefined
    } catch (err) {
      load.feedError = err
    }
  }
  async function loadIncidents() {
    incidents.value = await api.incidents().catch(() => incidents.value)
  }
  async function loadCalls() {
    try {
      calls.value = await wallApi.calls()
      load.callError = undefined
    } catch (err) {
      load.callError = err
    }
  }
  async function loadButtons() {
    buttons.value = await wallApi.buttons().catch(() => buttons.value)
  }
  async function loadMarks() {
    const list = await wallApi.marks().catch(() => undefined)
    if (list) marks.value = new Map(list.map((m) => [m.event, m]))
  }
  async function loadPlaces() {
    const list = await api.places().catch(() => [])
    if (list.length > 0) places.value = new Map(list.map((p) => [p.id, p]))
  }
  function refresh() {
    for (const f of [loadPlaces, loadCameras, loadEvents, loadIncidents, loadCalls, loadButtons, loadMarks]) void f()
  }
  // The stream says that it is up and that something was missed in one breath.
  const refreshSoon = soon(refresh, 100)
  const camerasSoon = soon(loadCameras, 200)
  const marksSoon = soon(loadMarks, 200)

  async function findClip(id: string) {
    const clips = await api.clips({ event: id }).catch(() => [])
    if (clips[0] && events.value.some((e) => e.id === id)) events.value = mergeEvent(events.value, { id, clip: clips[0].id } as Event)
  }
  function later(f: () => void, ms: number) {
    const timer = setTimeout(() => {
      timers.delete(timer)
      f()
    }, ms)
    timers.add(timer)
  }
  function onEvent(body: unknown) {
    const e = body as Event
    if (!e?.id) return
    events.value = mergeEvent(events.value, e)
    // The clip of an event is whole a few seconds after the event.
    if (e.phase === 'end' && !e.clip && !kiosk) later(() => void findClip(e.id), 4000)
  }
  function onDesk(body: unknown) {
    const { kind } = body as DeskChange
    if (kind === 'call') void loadCalls()
    else if (kind === 'incident') {
      void loadIncidents()
      camerasSoon.ask()
    } else if (kind === 'mark') marksSoon.ask()
    changed(kind)
  }

  onMounted(() => {
    refresh()
    offs.push(
      stream.on('event', onEvent),
      stream.on('desk', onDesk),
      stream.on('camera', (b) => {
        const { camera, stream: which, ...link } = b as CameraChange
        const c = cameras.value.find((x) => x.id === camera)
        if (!c) return camerasSoon.ask()
        // The tiles show the main stream; its link is what the list had.
        if (which === 'main') c.link = link
      }),
      stream.on('consent', () => camerasSoon.ask()),
      stream.on('up', refreshSoon.ask),
      stream.on('missed', refreshSoon.ask),
    )
    const tick = setInterval(() => (now.value = Date.now()), 500)
    const slow = setInterval(() => {
      for (const f of [loadCameras, loadIncidents, loadCalls, loadButtons]) void f()
    }, refreshMs)
    offs.push(() => clearInterval(tick), () => clearInterval(slow), refreshSoon.stop, camerasSoon.stop, marksSoon.stop)
  })
  onUnmounted(() => {
    offs.forEach((off) => off())
    timers.forEach((t) => clearTimeout(t))
  })

  /** Says of every event of a group that it was seen, or was none. */
  async function judge(list: readonly Event[], verdict: 'seen' | 'false_alarm') {
    for (const e of list) {
      await api.verdict(e.id, verdict)
      events.value = mergeEvent(events.value, { ...e, verdict })
    }
  }

  return {
    cameras, places, events, groups, incidents, calls, waiting, buttons, marks, open, lifted, now, load,
    refresh, loadCameras, loadIncidents, loadCalls, loadMarks, judge,
  }
}
