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
export type Incident = S['IncidentView']
export type Case = S['CaseView']
export type Consent = S['ConsentView']
export type MyCamera = S['MyCamera']
export type Preview = S['Effect']
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

/** Says on the event stream that what may be done with a camera has changed. */
export interface ConsentChange {
  camera: string
  state: string
}
