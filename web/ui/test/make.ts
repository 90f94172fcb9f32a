import type { Camera, Clip, Consent, Event, Link, MyCamera } from '../src/api/types'
import type { PlayerState } from '../src/live/player'

export const now = Date.parse('2026-11-23T10:00:00Z')

const link: Link = { state: 'live', clock_offset_ms: 0, clock_uncertainty_ms: 0 }

/** A camera with what matters to the test; the rest is ordinary. */
export function camera(over: { link?: Partial<Link>; live?: Partial<Camera['live']>; sharing?: Camera['sharing'] } = {}): Camera {
  return {
    quarantined: false, view_waiting: false, id: 'c-1', name: 'One', place: 'p', legal_class: 'public', position: { lat: 25, lon: 103 },
    analysis: { policy: 'full', degraded: false }, sharing: over.sharing ?? { state: 'given' },
    link: { ...link, ...over.link },
    live: { decision: 'allow', reasons: [], obligations: [], text: '', ...over.live },
  }
}

export function player(over: Partial<PlayerState> = {}): PlayerState {
  return { phase: 'idle', since: now - 5000, transport: '', lastFrame: 0, delay: undefined, problem: undefined, reason: '', obligations: [], ...over }
}

export function event(id: string, ago: number, over: Partial<Event> = {}): Event {
  const at = new Date(now - ago).toISOString()
  return { id, camera: 'c-1', camera_name: 'One', kind: 'person', phase: 'begin', start: at, peak: at, score: 1, box: [0, 0, 1, 1], ...over }
}

export function mine(consents: readonly Partial<Consent>[], reason = ''): MyCamera {
  return {
    camera: camera({ sharing: { state: 'given', reason } }),
    masks: [],
    consents: consents.map((c, i) => ({
      id: `c-${i}`, version: 1, purpose: 'public_safety', state: 'given', audiences: [], modes: [], slots: [], history: [], min_obligations: [],
      limits: { clip_min: 60, lookback_days: 7, looks_per_day: 20 }, not_before: '', not_after: '', retention_days: 7, masks: [], ...c,
    })),
  }
}

export function clip(over: Partial<Clip> = {}): Clip {
  return {
    id: 'k', camera: 'c-1', camera_name: 'One', from: '2026-11-23T10:00:00Z', to: '2026-11-23T10:00:20Z', bytes: 1, duration_s: 20,
    gaps: [], grant: 'g', key_state: 'live', playable: true, ...over,
  }
}
