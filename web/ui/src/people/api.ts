import { json, seg } from '../api/client'
import type { components } from '../api/schema'

type S = components['schemas']
export type People = S['PeopleOnFileOutputBody']
export type Person = S['PersonOnFile']
export type PersonBody = Omit<S['PersonBody'], '$schema'>
export type Proposal = S['ProposalView']
export type Changed = S['PersonChangedOutputBody']
export type Signed = S['ProposalSignedOutputBody']
export type Welcome = S['WelcomeOutputBody']

/** People and their ways in. What gives somebody more waits for a second person. */
export const people = {
  list: () => json<People>('GET', '/api/people'),
  change: (id: string, body: PersonBody) => json<Changed>('PUT', `/api/people/${seg(id)}`, body),
  signIn: (id: string, login: string, reason: string) => json<Proposal>('POST', `/api/people/${seg(id)}/sign-in`, { login, reason }),
  account: (login: string, body: { disabled?: boolean; forget_factor?: boolean; new_subject?: boolean; reason?: string }) => json<Changed>('PUT', `/api/accounts/${seg(login)}`, body),
  proposals: async () => (await json<{ proposals: Proposal[] | null }>('GET', '/api/proposals')).proposals ?? [],
  sign: (id: string, note: string) => json<Signed>('POST', `/api/proposals/${seg(id)}/sign`, { note }),
  refuse: (id: string, note: string) => json<Proposal>('POST', `/api/proposals/${seg(id)}/refuse`, { note }),
  withdraw: (id: string) => json<Proposal>('POST', `/api/proposals/${seg(id)}/withdraw`, {}),
  welcome: (token: string) => json<Welcome>('GET', `/api/welcome/${seg(token)}`),
  setPassword: (token: string, password: string) => json<void>('POST', `/api/welcome/${seg(token)}`, { password }),
}

export const types = ['officer', 'resident', 'kiosk', 'administrator'] as const
export const roles = ['dispatcher', 'investigator', 'grid_worker', 'supervisor', 'approver', 'oversight', 'contractor'] as const
/** What an id of each type begins with. */
export const prefixes = { officer: 'officer:', resident: 'resident:', kiosk: 'kiosk:', administrator: 'admin:' } as const

/** What the form asks for besides a name, by type of person. */
export const asked: Record<(typeof types)[number], readonly string[]> = {
  officer: ['unit', 'jurisdiction', 'home_grid', 'superior', 'roles', 'audiences', 'on_duty'],
  resident: ['home'], kiosk: ['jurisdiction', 'site', 'attended'], administrator: [],
}
const always = ['type', 'name', 'name_en', 'login', 'reason']

/** What is sent of a form: nothing that was filled in before another type was chosen, and nothing empty but the name. */
export function sentOf(form: PersonBody, person?: Person): PersonBody {
  const keep = (k: string, v: unknown) => (k === 'name' || v !== '') && (person !== undefined || always.includes(k) || asked[form.type].includes(k))
  return { ...(Object.fromEntries(Object.entries(form).filter(([k, v]) => keep(k, v))) as PersonBody), ...(person ? {} : { new: true }) }
}

/** Who could sign now: of the oversight and nothing that looks, on duty, with a sign-in that is open. */
export const signers = (all: Person[]) => all.filter((p) => p.type === 'officer' && p.on_duty && p.roles?.length && p.roles.every((r) => r === 'oversight') && (p.sign_ins ?? []).some((s) => !s.disabled))

/** A person as the form edits one. */
export function bodyOf(p?: Person): PersonBody {
  return {
    type: (p?.type as PersonBody['type']) ?? 'officer', name: p?.name ?? '', name_en: p?.name_en ?? '', unit: p?.unit ?? '', roles: [...(p?.roles ?? [])], audiences: [...(p?.audiences ?? [])],
    jurisdiction: p?.jurisdiction ?? '', home: p?.home ?? '', home_grid: p?.home_grid ?? '', superior: p?.superior ?? '', site: p?.site ?? '',
    attended: p?.attended ?? false, on_duty: p?.on_duty ?? false, login: '', reason: '',
  }
}
