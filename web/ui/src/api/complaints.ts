import { json } from './client'

/** A complaint as it was taken in. */
export interface Complaint {
  id: string
}

export const complaints = {
  send: (camera: string, text: string) => json<Complaint>('POST', '/api/my/complaints', { camera, text }),
}
