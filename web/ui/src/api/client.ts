import type {
  Camera, Case, Changed, Clip, Event, Fault, Incident, Looks, Me, MyCamera, Place, Preview, ProblemDocument, Receipt, System, Timeline,
} from './types'

/** A request that did not succeed, with what the server said about it. */
export class Problem extends Error {
  /** HTTP status, 0 when the server was not reached. */
  readonly status: number
  readonly code: string
  readonly reasons: string[]
  /** The server's words for the person who asked, in their language. */
  readonly text: string
  readonly retryAfter: number
  /** The fields of a form that are wrong, by stable names. */
  readonly faults: Fault[]

  constructor(status: number, doc: ProblemDocument, retryAfter = 0) {
    super(doc.detail || doc.title || doc.code || String(status))
    this.status = status
    this.code = doc.code || (status === 0 ? 'unreachable' : 'http_' + status)
    this.reasons = doc.reasons ?? []
    this.text = doc.text ?? ''
    this.retryAfter = retryAfter
    this.faults = doc.faults ?? []
  }
}

let language = 'zh-CN'
let onSignedOut: () => void = () => {}

/** Sets the language that the server is asked to speak. */
export function setApiLanguage(tag: string) {
  language = tag
}

/** Registers what to do when the session has ended. */
export function whenSignedOut(f: () => void) {
  onSignedOut = f
}

/** Makes a Problem from a response that is not a success. */
export async function problemOf(res: Response): Promise<Problem> {
  let doc: ProblemDocument = {}
  try {
    doc = (await res.json()) as ProblemDocument
  } catch {
    // A proxy's HTML page says nothing that a person here could use.
  }
  return new Problem(res.status, doc, Number(res.headers.get('Retry-After')) || 0)
}

/** fetch with the session's cookie and the page's language; throws Problem. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Accept-Language', language)
  let res: Response
  try {
    res = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init, headers })
  } catch (err) {
    if (init.signal?.aborted) throw err
    throw new Problem(0, { code: 'unreachable' })
  }
  if (res.ok) return res
  const problem = await problemOf(res)
  // Of signing in and of a second factor, a 401 means the password, the code or the touch.
  if (res.status === 401 && !/^\/api\/session(\/factor|\/passkey|$)/.test(path)) onSignedOut()
  throw problem
}

/** One JSON request; undefined for an answer without a body. */
export async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': 'application/json' }
  }
  const res = await request(path, init)
  const text = await res.text()
  return (text ? JSON.parse(text) : undefined) as T
}

/** Builds a query string, leaving out what is empty. */
export function query(params: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== '') q.set(k, String(v))
  const s = q.toString()
  return s ? '?' + s : ''
}

export const seg = encodeURIComponent

export const api = {
  me: () => json<Me>('GET', '/api/session'),
  signIn: (name: string, password: string) => json<Me>('POST', '/api/session', { name, password }),
  signOut: () => json<void>('DELETE', '/api/session'),
  changePassword: (old: string, next: string) => json<void>('POST', '/api/session/password', { old, new: next }),

  places: async () => (await json<{ places: Place[] | null }>('GET', '/api/places')).places ?? [],
  cameras: async (look: LookParams = {}) =>
    (await json<{ cameras: Camera[] | null }>('GET', '/api/cameras' + query({ ...look }))).cameras ?? [],
  camera: (id: string, look: LookParams = {}) => json<Camera>('GET', `/api/cameras/${seg(id)}` + query({ ...look })),
  timeline: (id: string, from: string, to: string) =>
    json<Timeline>('GET', `/api/cameras/${seg(id)}/timeline` + query({ from, to })),

  events: async (f: EventFilter = {}) =>
    (await json<{ events: Event[] | null }>('GET', '/api/events' + query({ ...f }))).events ?? [],
  verdict: (id: string, verdict: 'seen' | 'false_alarm') => json<void>('POST', `/api/events/${seg(id)}/verdict`, { verdict }),
  clips: async (f: { camera?: string; from?: string; to?: string; event?: string }) =>
    (await json<{ clips: Clip[] | null }>('GET', '/api/clips' + query(f))).clips ?? [],
  clip: (id: string) => json<Clip>('GET', `/api/clips/${seg(id)}`),

  incidents: async () => (await json<{ incidents: Incident[] | null }>('GET', '/api/incidents')).incidents ?? [],
  cases: async () => (await json<{ cases: Case[] | null }>('GET', '/api/cases')).cases ?? [],
  openCase: (type: string, title: string) => json<Case>('POST', '/api/cases', { type, title }),

  myCameras: async () => (await json<{ cameras: MyCamera[] | null }>('GET', '/api/my/cameras')).cameras ?? [],
  preview: (id: string, action: ConsentAction) =>
    json<Preview>('GET', `/api/my/consents/${seg(id)}/preview` + query({ action })),
  changeConsent: (id: string, action: ConsentAction | 'resume', body: { hours?: number; until?: string } = {}) =>
    json<Changed>('POST', `/api/my/consents/${seg(id)}/${action}`, body),
  looks: (id: string) => json<Looks>('GET', `/api/my/cameras/${seg(id)}/looks`),
  receipt: (id: string) => json<Receipt>('GET', `/api/my/receipts/${seg(id)}`),
  system: () => json<System>('GET', '/api/system'),
}

export type ConsentAction = 'pause' | 'withdraw' | 'give'

/** Why a picture is asked for; the server records it with the look. */
export interface LookParams {
  purpose?: string
  case?: string
  incident?: string
  /** A second person's approval, and whether it is for a clear look. */
  approval?: string
  clear?: 'true'
}

export interface EventFilter {
  camera?: string
  kind?: string
  from?: string
  to?: string
  limit?: number
  before?: string
}

/** Address of a clip's video for the purpose given. */
export function clipURL(id: string, look: LookParams, view?: string): string {
  return `/api/clips/${seg(id)}/media.mp4` + query({ ...look, view })
}

/** Address of a camera's live view, by transport. */
export function liveURL(camera: string, transport: 'whep' | 'mse', look: LookParams): string {
  const base = `/api/cameras/${seg(camera)}/`
  return transport === 'whep' ? base + 'whep' + query({ ...look }) : base + 'live.mp4' + query({ ...look, transport: 'mse' })
}
