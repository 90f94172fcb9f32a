import { json, query, seg } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type View = S['ViewStatus']
export type Invitation = S['InvitationView']
export type Invited = S['InviteOutputBody']
export type Complaints = S['ComplaintsOutputBody']
export type Complaint = S['Complaint']
export type Deferrals = S['DeferralsOutputBody']
export type Deferral = S['DeferralView']
export type Act = S['Act']

/** What an office of the township does besides looking. */
export const office = {
  views: async () => (await json<{ views: View[] | null }>('GET', '/api/views')).views ?? [],
  take: (camera: string) => json<View>('POST', `/api/views/${seg(camera)}/reference`),
  approve: (camera: string, reference: string) => json<View>('POST', `/api/views/${seg(camera)}/approve`, { reference }),
  sign: (camera: string, text: string) => json<View>('PUT', `/api/views/${seg(camera)}/sign`, { text }),
  picture: (camera: string, reference: string) => `/api/views/${seg(camera)}/reference.mp4?of=${seg(reference)}`,

  invitations: async () => (await json<{ invitations: Invitation[] | null }>('GET', '/api/invitations')).invitations ?? [],
  invite: (body: { camera: string; channel: string; days: number; months: number }) => json<Invited>('POST', '/api/invitations', body),
  revoke: (id: string) => json<void>('DELETE', `/api/invitations/${seg(id)}`),

  complaints: () => json<Complaints>('GET', '/api/complaints'),
  answer: (id: string, answer: string) => json<Complaint>('POST', `/api/complaints/${seg(id)}/answer`, { answer }),

  machine: (before?: number) => json<S['ActsOutputBody']>('GET', '/api/machine-acts' + query({ before })),

  deferrals: () => json<Deferrals>('GET', '/api/deferrals'),
  defer: (body: { case: string; cameras: string[]; reason: string; until: string }) => json<{ until: string }>('POST', '/api/deferrals', body),
  reveal: (kase: string, cameras: string[]) => json<{ until: string }>('POST', '/api/deferrals/reveal', { case: kase, cameras }),
}
