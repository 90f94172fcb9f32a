/**
 * The API's shapes under the names the pages use. They come from schema.d.ts,
 * which `npm run client` writes from the service's own description; what is
 * not in it (the event stream) stands here. Times are RFC 3339 strings in UTC,
 * boxes are fractions of the picture.
 */
import type { components } from './schema'

type S = components['schemas']

export type Me = S['Me']
export type Face = Me['face']
export type ProblemDocument = Partial<S['Problem']>
export type Place = S['Place']
export type Link = S['Link']
export type Camera = S['CameraView']
export type Event = S['EventView']
export type Clip = S['ClipView']
export type Timeline = S['TimelineOutputBody']
export type Gap = S['Gap']
export type LiveClock = S['LiveClock']
export type Mark = S['MarkView']
export type Assignee = S['Assignee']
export type Call = S['CallView']
export type Button = S['ButtonView']
export type Layout = S['LayoutView']
export type WallBody = S['LayoutBody']
export type IncidentReport = S['IncidentReport']
export type Incident = S['IncidentView']
export type Case = S['CaseView']
export type Consent = S['ConsentView'] & { masks?: Area[] | null; asked?: Proposal }
export type MyCamera = Omit<S['MyCamera'], 'consents'> & { consents: Consent[] | null; masks?: Area[] | null }
export type Preview = S['Effect']
export type Looks = S['LooksOutputBody']
export type Look = S['LookView'] & { leaf_index?: number; salt?: string; entry?: string }
export type Receipt = S['Receipt']
export type Changed = S['ChangeOutputBody']
export type System = S['SystemOutputBody']

/** Says on the event stream that the service ended a live view. */
export interface TicketEnd {
  camera: string
  viewer: string
  ticket: string
  reason: string
}

/** A camera's new connection state on the event stream. */
export interface CameraChange extends Link {
  camera: string
  stream: string
}

/** Says on the event stream that something on the dispatchers' desk changed. */
export interface DeskChange {
  kind: 'call' | 'mark' | 'incident' | 'layout'
  id?: string
  camera?: string
}

/** Says on the event stream that what may be done with a camera has changed. */
export interface ConsentChange {
  camera: string
  state: string
}

/* Of the room "join". */

export type Area = [number, number][]

export interface IncidentTerms {
  types: string[] | null
  radius_m: number
  max_minutes: number
}

export interface Audience {
  id: string
  name?: string
  name_en?: string
  guardian?: string
}

/** What is proposed, or the widest that a notice asked for. */
export interface Proposal {
  slots: string[] | null
  modes: string[] | null
  audiences: Audience[] | null
  area_scope: string
  incident?: IncidentTerms
  limits: { clip_min: number; lookback_days: number; looks_per_day: number }
  min_obligations: string[] | null
  recording: string
  retention_days: number
  months: number
}

/** A consent as its own page changes it. */
export interface ConsentTerms extends Omit<Proposal, 'audiences' | 'months'> {
  id: string
  version: number
  camera: string
  purpose: string
  state: string
  audiences: string[] | null
  masks: Area[] | null
  not_before: string
  not_after: string
  record_hash: string
  asked?: Proposal
}

/** What an owner chooses; what is absent stays as it is. */
export interface TermsChoice {
  slots?: string[]
  modes?: string[]
  audiences?: string[]
  incident?: IncidentTerms
  min_obligations?: string[]
  recording?: string
  retention_days?: number
  masks?: Area[]
}

export interface TermsChanged {
  consent: ConsentTerms
  receipt: string
}

export interface ManyChanged {
  changed: number
  results: { id: string; consent?: ConsentTerms; receipt?: string; code?: string; detail?: string }[] | null
}

export interface Notice {
  id: string
  version: string
  texts: Record<string, { title: string; sections: { heading: string; text: string }[] | null; hash: string }>
}

export interface NoticeShown {
  id: string
  version: string
  hash: string
  language: string
  read_aloud: boolean
}

export interface Invitation {
  kind: 'new' | 'renew'
  state: 'open' | 'given' | 'refused' | 'revoked' | 'lapsed'
  expires: string
  purpose: string
  asked_by: { name: string; name_en?: string; unit?: string; unit_en?: string }
  camera: { id: string; name: string; name_en?: string; legal_class: string; mount: string; sign: boolean; place: { kind: string; name: string; name_en?: string }[] | null }
  account: 'new' | 'sign_in'
  controllers: { name: string; name_en?: string; role: string; contact?: string }[] | null
  notice: Notice
  proposal: Proposal
  present?: ConsentTerms
  rest_days: number
}

export interface Answer {
  answer: 'give' | 'refuse'
  name?: string
  login?: string
  password?: string
  cohabitants_informed?: boolean
  notice?: NoticeShown
  choices?: TermsChoice
}

export interface Settled {
  state: 'given' | 'refused'
  consent?: ConsentTerms
  receipt?: string
  login?: string
  rest_until?: string
}
