import { json } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type Subject = S['SubjectView']
export type Play = S['Play']

const base = '/api/footage-requests'
const at = (id: string) => `${base}/${encodeURIComponent(id)}`

/** Requests of people who were filmed. */
export const subjects = {
  file: (body: { name: string; contact: string; where: string; from: string; to: string; reason: string }) => json<S['SubjectFiledOutputBody']>('POST', base, body),
  list: async () => (await json<{ requests: Subject[] | null }>('GET', base)).requests ?? [],
  verify: (id: string, body: { camera: string; from: string; to: string; how: string }) => json<Subject>('POST', at(id) + '/verify', body),
  answer: (id: string, agree: boolean, note: string) => json<Subject>('POST', at(id) + '/answer', { agree, note }),
  mark: (id: string, marks: { at: string; box: [number, number, number, number] }[]) => json<Subject>('PUT', at(id) + '/marks', { marks }),
  look: (id: string) => json<Play>('POST', at(id) + '/look', { width: 1280 }),
}
