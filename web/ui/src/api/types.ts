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
export type AskKey = S['AskKey']
export type NewKey = S['NewKey']
export type Passkeys = S['PasskeysOutputBody']
export type ProblemDocument = Partial<S['Problem']>
export type Fault = S['Fault']
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
/** An area of the picture in fractions of its width and height. */
export type Area = [number, number][]
export type Consent = Omit<S['ConsentView'], 'masks'> & { masks: Area[] | null }
export type MyCamera = Omit<S['MyCamera'], 'consents' | 'masks'> & { consents: Consent[] | null; masks: Area[] | null }
export type Preview = S['Effect']
export type Complaint = S['Complaint']
export type Complaints = S['ComplaintsOutputBody']
export type Looks = S['LooksOutputBody']
export type Look = S['LookView']
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

export type Audience = S['AudienceView']
/** What is proposed, or the widest that a notice asked for. */
export type Proposal = S['TermsView']
export type IncidentTerms = S['IncidentTerms']
export type ConsentTerms = S['ConsentTerms']
/** What an owner chooses; what is absent stays as it is. */
export type TermsChoice = S['Choices']
export type TermsChanged = S['Changed']
export type ManyChanged = S['ManyOutputBody']
export type Notice = S['NoticeView']
export type NoticeShown = S['NoticeShown']
export type Invitation = S['ReadBody']
export type Answer = S['AnswerBody']
export type Settled = S['Settled']
