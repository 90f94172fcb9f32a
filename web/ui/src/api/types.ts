/**
 * The shapes of the API as the pages use them. Times are RFC 3339 strings in
 * UTC; boxes are fractions of the picture.
 */

export type Face = 'wall' | 'evidence' | 'consent' | 'system'

export interface Me {
  principal: string
  name: string
  type: 'officer' | 'resident' | 'kiosk' | 'administrator' | string
  roles?: string[] | null
  unit?: string
  face: Face
  language?: string
  must_change_password?: boolean
}

/** RFC 9457 problem document with the service's own fields. */
export interface ProblemDocument {
  type?: string
  title?: string
  status?: number
  detail?: string
  code?: string
  reasons?: string[] | null
  /** For the asker, in the language of the request. */
  text?: string
}

export interface Place {
  id: string
  kind: string
  parent?: string
  name?: string
  name_en?: string
}

export interface Link {
  state: 'idle' | 'connecting' | 'live' | 'stalled' | 'backoff' | 'refused' | string
  since?: string
  code?: string
  detail?: string
  codec?: string
  width?: number
  height?: number
  fps?: number
  /** Bits a second. */
  bitrate?: number
  clock_offset_ms?: number
  clock_uncertainty_ms?: number
  last_unit?: string
}

export interface Live {
  decision: 'allow' | 'deny' | string
  reasons?: string[] | null
  text?: string
  /** The open incident under which the view is allowed, when it is not without. */
  incident?: string
  obligations?: string[] | null
}

export interface Sharing {
  state: string
  until?: string
  reason?: string
}

export interface Camera {
  id: string
  name: string
  place: string
  position?: { lat: number; lon: number } | null
  legal_class: string
  owner_name?: string
  link: Link
  analysis?: { policy: string; reason?: string; degraded?: boolean }
  sharing?: Sharing
  live: Live
}

export interface Event {
  id: string
  camera: string
  camera_name?: string
  kind: string
  phase: 'begin' | 'update' | 'end'
  start: string
  peak?: string
  end?: string
  score?: number
  box?: number[]
  label?: string
  label_score?: number
  rule?: string
  zone?: string
  clip?: string
  verdict?: '' | 'seen' | 'false_alarm'
  by?: string
}

export interface Gap {
  from: string
  to: string
  cause: string
  detail?: string
}

export interface Clip {
  id: string
  camera: string
  camera_name?: string
  from: string
  to: string
  reason?: string
  event?: string
  bytes?: number
  duration_s?: number
  gaps?: Gap[] | null
  playable?: boolean
  reason_text?: string
}

export interface Segment {
  from: string
  to: string
  bytes?: number
  state?: string
}

export interface Timeline {
  segments?: Segment[] | null
  gaps?: Gap[] | null
  events?: Event[] | null
}

export interface Incident {
  id: string
  type: string
  title?: string
  position?: { lat: number; lon: number }
  from: string
  to: string
  open: boolean
}

export interface Case {
  id: string
  type: string
  title?: string
  open: boolean
}

export interface Consent {
  id: string
  version?: number
  purpose: string
  state: string
  modes?: string[] | null
  audiences?: string[] | null
  slots?: string[] | null
  recording?: string
  retention_days?: number
  pause_until?: string
  not_after?: string
}

export interface MyCamera {
  camera: Camera
  consents?: Consent[] | null
}

export interface Preview {
  stops?: string[] | null
  starts?: string[] | null
  /** Why footage outlives a withdrawal beside holds. */
  keeps?: string
  live_viewers?: number
  clips?: number
  held?: { case: string; until?: string; reason?: string }[] | null
  erased_bytes?: number
}

export interface Look {
  at: string
  to?: string
  person: string
  unit?: string
  action: string
  purpose?: string
  case_type?: string
  obligations?: string[] | null
  index?: number
  bytes_out?: number
  /** The reader's own look. */
  own?: boolean
}

export interface Receipt {
  id?: string
  [field: string]: unknown
}

export interface Changed {
  consent: Consent
  receipt?: Receipt | string | null
}

export interface TicketEnd {
  camera: string
  viewer?: string
  ticket: string
  reason: string
  text?: string
}
