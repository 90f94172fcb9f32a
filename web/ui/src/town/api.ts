import { json, seg } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type Setup = Omit<S['Setup'], 'sources'> & { sources: Source[] }
export type Standing = S['Standing']
export type CameraPlan = S['CameraPlan']
export type Source = S['Source']
export type Seen = S['Seen']
export type Finding = S['Finding']
export type Device = S['Device']
export type Profile = S['Profile']
export type Encoder = S['Encoder']
export interface Login { address: string; user: string; password: string }
export interface Saved { camera: Setup; seen: Record<string, Seen>; findings: Finding[]; proposal?: string }

const cut = <T extends object>(o: T, ...keys: string[]) => Object.fromEntries(Object.entries(o).filter(([k]) => !keys.includes(k)))

/** What a technician may do; answers hold numbers about streams, never pictures or passwords. */
export const town = {
  setups: async () => (await json<{ cameras: Setup[] | null }>('GET', '/api/onboard/cameras')).cameras ?? [],
  discover: async () => (await json<{ devices: Device[] | null }>('POST', '/api/onboard/discover')).devices ?? [],
  device: (login: Login) => json<{ profiles: Profile[]; clock_offset_s: number; findings: Finding[] }>('POST', '/api/onboard/device', login),
  encoder: (login: Login, encoder: Encoder) => json<Encoder>('POST', '/api/onboard/encoder', { ...login, encoder }),
  test: (url: string, analysed: boolean) => json<{ seen: Seen; findings: Finding[] }>('POST', '/api/onboard/test', { url, analysed }),
  plan: (id: string, to: Standing) => json<CameraPlan>('POST', `/api/onboard/cameras/${seg(id)}/plan`, to),
  save: (setup: Setup, untested: boolean, reason = '') =>
    json<Saved>('PUT', `/api/onboard/cameras/${seg(setup.id)}` + (untested ? '?untested=true' : ''), {
      ...cut(setup, 'id', 'quarantined', 'view_waiting', 'consents', '$schema'), sources: setup.sources.map((s) => cut(s, 'link')), ...(reason && { reason }),
    }),
  remove: (id: string) => json<void>('DELETE', `/api/onboard/cameras/${seg(id)}`),
  token: (id: string) => json<{ user: string; token: string; path: string }>('POST', `/api/onboard/cameras/${seg(id)}/token`),
}

/** What of a camera decides who reaches it. */
export const standingOf = ({ place, owner, legal_class, mount, filing }: Setup): Standing => ({ place, owner, legal_class, mount, ...(filing && { filing }) })

/** The address with the name and password put in, as rtsp addresses carry them. */
export function withLogin(url: string, user: string, password: string): string {
  if (!user && !password) return url
  return url.replace(/^(rtsps?:\/\/)(?:[^@/]*@)?/i, (_, scheme: string) => `${scheme}${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)
}

/** A new camera, with what most have. */
export function blank(place: string): Setup {
  return {
    id: '', name: '', place, position: { lat: 0, lon: 0 }, legal_class: 'resident', mount: 'own_premises', owner: '', sign: false,
    quarantined: false, view_waiting: false, consents: 0, sources: [{ kind: 'main', url: '' }],
  }
}

/** What a field takes, in the form that it takes it. */
export const examples = { device: 'http://192.168.1.64/onvif/device_service', owner: 'resident:li', stream: 'rtsp://name:password@192.168.1.64:554/stream' }
