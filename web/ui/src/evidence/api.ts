import { json, query, request, type LookParams } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']

export type Found = S['Found']
export type Searched = S['Searched']
export type SearchResult = S['SearchOutputBody']
export type Play = S['Play']
export type Played = S['Played']
export type CaseFile = S['CaseFile']
export type CaseItem = S['CaseItem']
export type CaseDone = S['CaseDone']
export type Colleague = S['Colleague']
export type Package = S['ExportView']
export type Approval = S['ApprovalView']
export type SearchBody = Omit<S['SearchInputBody'], '$schema'>

const seg = encodeURIComponent

/** What one camera's piece holds: the bytes for the player, and when each picture was taken. */
export interface Piece {
  data: ArrayBuffer
  frames: Frame[]
}

/** A picture: seconds from the play's begin, and whether decoding can start there. */
export interface Frame {
  at: number
  key: boolean
}

/** Reads the list of pictures that comes with a piece: "k1200,1300,1400". */
export function readFrames(list: string): Frame[] {
  if (!list) return []
  return list.split(',').map((f) => (f[0] === 'k' ? { at: Number(f.slice(1)) / 1000, key: true } : { at: Number(f) / 1000, key: false }))
}

export interface PlayBody {
  cameras: string[]
  from: string
  to: string
  width?: number
}

export const evidence = {
  search: (body: SearchBody) => json<SearchResult>('POST', '/api/evidence/search', body),
  foresee: (body: PlayBody, look: LookParams) => json<Play>('POST', '/api/evidence/foresee', { ...body, purpose: look.purpose, case: look.case }),
  open: (body: PlayBody, look: LookParams) => json<Play>('POST', '/api/evidence/plays', { ...body, purpose: look.purpose, case: look.case }),
  /** A clear look under a second person's approval; takes a second factor shown just now. */
  openClear: (body: PlayBody, a: Approval) =>
    json<Play>('POST', '/api/evidence/plays', { ...body, purpose: a.purpose, case: a.case, approval: a.id, clear: true }),
  end: (play: string) => json<void>('DELETE', `/api/evidence/plays/${seg(play)}`),
  async piece(play: string, camera: string, n: number, keys: boolean, signal: AbortSignal): Promise<Piece> {
    const res = await request(`/api/evidence/plays/${seg(play)}/${seg(camera)}/${n}` + query({ keys: keys ? 'true' : undefined }), { signal })
    return { data: await res.arrayBuffer(), frames: readFrames(res.headers.get('X-Shouwang-Frames') ?? '') }
  },

  /** The key picture of a play nearest to a moment, as a film of one frame; empty where nothing is recorded. */
  async still(play: string, camera: string, at: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    return (await request(`/api/evidence/plays/${seg(play)}/${seg(camera)}/still` + query({ at }), { signal })).arrayBuffer()
  },

  file: (id: string) => json<CaseFile>('GET', `/api/cases/${seg(id)}/file`),
  history: async (id: string) => (await json<{ done: CaseDone[] | null }>('GET', `/api/cases/${seg(id)}/history`)).done ?? [],
  colleagues: async () => (await json<{ people: Colleague[] | null }>('GET', '/api/colleagues')).people ?? [],
  add: (id: string, item: { kind: 'clip' | 'still' | 'note'; camera?: string; from?: string; to?: string; text?: string }) =>
    json<CaseFile>('POST', `/api/cases/${seg(id)}/items`, item),
  remove: (id: string, item: string) => json<CaseFile>('DELETE', `/api/cases/${seg(id)}/items/${seg(item)}`),
  sheet: (id: string, body: { title: string; legal_basis: string; summary: string; second_person: string }) =>
    json<CaseFile>('PUT', `/api/cases/${seg(id)}/sheet`, body),
  addMember: (id: string, who: string) => json<CaseFile>('PUT', `/api/cases/${seg(id)}/members/${seg(who)}`),
  removeMember: (id: string, who: string) => json<CaseFile>('DELETE', `/api/cases/${seg(id)}/members/${seg(who)}`),
  closeCase: (id: string) => json<unknown>('POST', `/api/cases/${seg(id)}/close`),

  approvals: async (q: { box?: string; case?: string }) => (await json<{ approvals: Approval[] | null }>('GET', '/api/approvals' + query(q))).approvals ?? [],
  approval: (id: string) => json<Approval>('GET', `/api/approvals/${seg(id)}`),
  ask: (body: { action: string; camera: string; from?: string; to?: string; case: string; reason: string; recipient?: string; form?: Package['form'] }) =>
    json<Approval>('POST', '/api/approvals', body),
  /** Carries out what was approved: both take a second factor shown just now. */
  hold: (a: Approval, days: number) =>
    json<S['HoldView']>('POST', '/api/holds', { camera: a.camera, from: a.from, to: a.to, case: a.case, days, reason: a.reason, purpose: a.purpose, approval: a.id }),
  export: (a: Approval) =>
    json<Package>('POST', '/api/exports', { form: a.form, camera: a.camera, from: a.from, to: a.to, case: a.case, purpose: a.purpose, reason: a.reason, recipient: a.recipient, approval: a.id }),
  /** What this session was granted and may still fetch. */
  packages: async () => (await json<{ packages: Package[] | null }>('GET', '/api/exports')).packages ?? [],
  answer: (id: string, how: 'approve' | 'refuse' | 'withdraw', note: string) => json<Approval>('POST', `/api/approvals/${seg(id)}/${how}`, { note }),
}
