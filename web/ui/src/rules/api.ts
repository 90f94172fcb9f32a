import { json, request, seg } from '../api/client'
import type { components } from '../api/schema'
import type { Area, Point } from '../my/masks/shape'

type S = components['schemas']
export type Kind = S['Rule']['kind']
export type Rule = Omit<S['Rule'], 'zone' | 'line'> & { zone?: Area; line?: Point[] }
export type Sheet = Omit<S['SheetView'], 'rules' | '$schema'> & { rules: Rule[] }
export type Ruled = S['RuledCamera']

/** What happens in a camera's picture that is an event. */
export const rulesApi = {
  list: async () => (await json<{ cameras: Ruled[] | null }>('GET', '/api/rules')).cameras ?? [],
  get: (camera: string) => json<Sheet>('GET', `/api/rules/${seg(camera)}`),
  put: (camera: string, revision: string, rules: Rule[]) => json<Sheet>('PUT', `/api/rules/${seg(camera)}`, { revision, rules }),
  /** Whether one may see the approved picture of the view, and has it been taken. */
  view: (camera: string) => json<S['ViewStatus']>('GET', `/api/views/${seg(camera)}`),
  reference: async (camera: string) => (await request(`/api/views/${seg(camera)}/reference.mp4`)).arrayBuffer(),
}
