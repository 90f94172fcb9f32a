import { json, seg } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type Health = S['HealthOutputBody']
export type Trouble = S['Trouble']
export type Facts = S['SystemFacts']

/** How the service does; figures and words, never a picture. */
export const health = {
  get: () => json<Health>('GET', '/api/system/health'),
  release: (camera: string) => json<void>('POST', `/api/system/barred/${seg(camera)}/release`),
  sendNotices: () => json<void>('POST', '/api/system/notices/send'),
}
