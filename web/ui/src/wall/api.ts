import { json, query, seg } from '../api/client'
import type { Assignee, Button, Call, Incident, IncidentReport, Layout, Mark, WallBody } from '../api/types'

export type Cause = 'report' | 'event' | 'call'

/** What a dispatcher says to open an incident: where it is, by camera, position or the call it is for. */
export interface NewIncident {
  type: string
  text: string
  minutes: number
  camera?: string
  position?: { lat: number; lon: number }
  cause?: Cause
  ref?: string
}

/** The operations that only a wall needs. */
export const wallApi = {
  openIncident: (body: NewIncident) => json<Incident>('POST', '/api/incidents', body),
  closeIncident: (id: string) => json<Incident>('POST', `/api/incidents/${seg(id)}/close`),
  incident: (id: string) => json<IncidentReport>('GET', `/api/incidents/${seg(id)}`),

  calls: async () => (await json<{ calls: Call[] | null }>('GET', '/api/wall/calls')).calls ?? [],
  answerCall: (id: string) => json<Call>('POST', `/api/wall/calls/${seg(id)}/answer`),
  closeCall: (id: string, outcome: string, note: string) => json<Call>('POST', `/api/wall/calls/${seg(id)}/close`, { outcome, note }),
  buttons: async () => (await json<{ buttons: Button[] | null }>('GET', '/api/wall/buttons')).buttons ?? [],

  people: async (camera: string) => (await json<{ people: Assignee[] | null }>('GET', '/api/wall/people' + query({ camera }))).people ?? [],
  marks: async () => (await json<{ marks: Mark[] | null }>('GET', '/api/wall/marks')).marks ?? [],
  mark: (event: string, body: { assign_to?: string; case?: string; note?: string }) => json<Mark>('POST', `/api/events/${seg(event)}/mark`, body),

  layouts: async () => (await json<{ layouts: Layout[] | null }>('GET', '/api/wall/layouts')).layouts ?? [],
  putLayout: (id: string, body: { wall: WallBody; shared: boolean }) => json<Layout>('PUT', `/api/wall/layouts/${seg(id)}`, body),
  removeLayout: (id: string) => json<void>('DELETE', `/api/wall/layouts/${seg(id)}`),
}
