import type { Camera } from '../api/types'
import type { PlayerState } from '../live/player'
import { staleMs } from '../live/useLive'

/** What a tile honestly is at this moment. */
export type TileKind =
  | 'live' | 'connecting' | 'frozen' | 'reconnecting' | 'no_signal' | 'server_away' | 'overloaded' | 'unavailable'
  | 'quarantined' | 'needs_reason' | 'outside_hours' | 'paused' | 'withdrawn' | 'denied' | 'ended'

export interface TileState {
  kind: TileKind
  /** When it became so, ms since the epoch; 0 when unknown. */
  since: number
  /** Why, in the server's words; '' when there are none. */
  text: string
  /** Why, as constants of the service. */
  reasons: string[]
  /** True when a picture may be seen. In every other state it is covered. */
  picture: boolean
}

const brokenKinds: readonly TileKind[] = ['frozen', 'no_signal', 'server_away', 'overloaded', 'unavailable', 'quarantined']
const waitingKinds: readonly TileKind[] = ['live', 'connecting', 'reconnecting']

/** How a tile is meant: something is broken, is on its way, or is closed as somebody decided. */
export function toneOf(kind: TileKind): 'broken' | 'waiting' | 'closed' {
  return brokenKinds.includes(kind) ? 'broken' : waitingKinds.includes(kind) ? 'waiting' : 'closed'
}

// The policy's reasons, by what they mean to the person at the wall.
const kinds: [TileKind, string[]][] = [
  ['quarantined', ['camera_quarantined']],
  ['withdrawn', ['consent_withdrawn', 'consent_terminated']],
  ['paused', ['consent_paused']],
  ['outside_hours', ['outside_slot']],
  ['needs_reason', ['no_ground', 'incident_does_not_count', 'no_case']],
]

/** Sorts a denial's reasons into a kind of tile. */
export function denialKind(reasons: readonly string[], sharing?: string): TileKind {
  for (const [kind, list] of kinds) if (reasons.some((r) => list.includes(r))) return kind
  if (reasons.length === 0 && (sharing === 'withdrawn' || sharing === 'paused')) return sharing
  return 'denied'
}

const time = (s: string | undefined) => (s ? Date.parse(s) || 0 : 0)

/** Decides what a tile shows and says. The order is from what is certain to what is guessed. */
export function tileState(camera: Camera, player: PlayerState, now: number): TileState {
  const make = (kind: TileKind, since: number, text = '', reasons: string[] = [], picture = false): TileState =>
    ({ kind, since, text, reasons, picture })
  if (player.phase === 'playing') {
    if (now - player.lastFrame > staleMs) return make('frozen', player.lastFrame, linkText(camera))
    return make('live', player.since, '', [], true)
  }
  if (player.phase === 'ended') {
    const kind = denialKind([player.reason], camera.sharing?.state)
    return make(kind === 'denied' ? 'ended' : kind, player.since, '', player.reason ? [player.reason] : [])
  }
  if (player.phase === 'denied' && player.problem) {
    const { reasons, text } = player.problem
    return make(denialKind(reasons, camera.sharing?.state), player.since, text, reasons)
  }
  if (player.phase === 'idle') {
    const reasons = camera.live.reasons ?? []
    if (camera.live.decision === 'allow') return make('connecting', player.since)
    return make(denialKind(reasons, camera.sharing?.state), 0, camera.live.text ?? '', reasons)
  }
  if (player.problem?.code === 'unreachable') return make('server_away', player.since)
  if (player.problem?.code === 'overloaded') return make('overloaded', player.since, player.problem.text)
  if (camera.link.code === 'poison_stream') return make('quarantined', time(camera.link.since), 'poison_stream')
  if (isDown(camera) || player.problem?.code === 'camera_stalled') return make('no_signal', time(camera.link.last_unit) || time(camera.link.since), linkText(camera))
  if (player.problem) return make('unavailable', player.since, '', [player.problem.code])
  return make(player.lastFrame > 0 ? 'reconnecting' : 'connecting', player.lastFrame || player.since)
}

function isDown(camera: Camera): boolean {
  return ['stalled', 'backoff', 'refused'].includes(camera.link.state)
}

function linkText(camera: Camera): string {
  return isDown(camera) ? (camera.link.code ?? '') : ''
}
