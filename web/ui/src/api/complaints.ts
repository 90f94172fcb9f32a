import { json } from './client'
import type { Complaint, Complaints } from './types'

/** What owners complain of, to a body outside the dispatch centre. */
export const complaints = {
  /** camera is its id, look the number of the look in the access log that it is about. */
  send: (camera: string, text: string, look?: number) => json<Complaint>('POST', '/api/my/complaints', { camera, text, look }),
  mine: () => json<Complaints>('GET', '/api/my/complaints'),
}

/** The complaints about one camera, newest first as they came. */
export const about = (all: Complaints | undefined, camera: string): Complaint[] => (all?.complaints ?? []).filter((c) => c.camera === 'camera:' + camera)
