import { json, query, request } from '../../api/client'
import type { Look } from '../../api/types'
import { Fault, LogCheck, type FaultCode, type Memory, type Source } from '../../log/verify'

/** What the phone found out by itself about one look, or that it could not. */
export type Checked =
  | { state: 'checking' }
  | { state: 'checked'; witnesses: number; size: number }
  /** Logged, and the log's published head is a little behind. */
  | { state: 'soon' }
  | { state: 'wrong'; code: FaultCode }
  /** The network, or a service that gives no proof: nothing was found out. */
  | { state: 'unknown' }

const path = '/api/log'

/** The log as the service publishes it. */
const source: Source = {
  checkpoint: async () => (await request(path + '/checkpoint')).text(),
  inclusion: async (index, size) => (await json<{ hashes: string[] | null }>('GET', `${path}/proof/inclusion` + query({ index, size }))).hashes ?? [],
  consistency: async (from, to) => (await json<{ hashes: string[] | null }>('GET', `${path}/proof/consistency` + query({ from, to }))).hashes ?? [],
  tile: async (name) => new Uint8Array(await (await request(`${path}/${name}`)).arrayBuffer()),
}

const remembered = 'shouwang.log.'

/** The phone remembers the last head and the key it first saw: a second log for other eyes is found out. */
export const memory: Memory = {
  get: (origin) => localStorage.getItem(remembered + origin),
  set: (origin, checkpoint) => localStorage.setItem(remembered + origin, checkpoint),
}

/** The key that is trusted: the first that this phone was given. Another one later is a fault. */
export function trusted(given: string): string {
  const kept = localStorage.getItem(remembered + 'key')
  if (kept && kept !== given) throw new Fault('bad_key', 'the log has another key than at the first visit')
  localStorage.setItem(remembered + 'key', given)
  return given
}

/** Opens the log's head once, for all looks of a page. */
export async function openLog(): Promise<LogCheck> {
  return new LogCheck(source, { key: trusted((await (await request(path + '/key')).text()).trim()) }, memory)
}

/** The fields that the page shows must be those that were logged. */
export function sameAsLogged(look: Look, logged: Record<string, unknown>): boolean {
  const text = (v: unknown) => (v === undefined || v === null ? '' : String(v))
  if (Date.parse(text(logged.at)) !== Date.parse(look.at)) return false
  if (text(logged.action) !== look.action || text(logged.purpose) !== (look.purpose ?? '')) return false
  const person = text(logged.person) || text(logged.principal)
  return person === look.person
}

/** Checks one look: its entry is what was logged, it stands in the log, and the page shows no other. */
export async function check(log: Promise<LogCheck>, look: Look): Promise<Checked> {
  if (look.entry === undefined || look.salt === undefined || look.leaf_index === undefined) return { state: 'unknown' }
  try {
    const opened = await log
    const { checkpoint, entry } = await opened.entry({ leaf_index: look.leaf_index, salt: look.salt, entry: look.entry })
    if (!entry || !sameAsLogged(look, entry)) return { state: 'wrong', code: 'shown_differs' }
    return { state: 'checked', witnesses: checkpoint.cosignatures.length, size: checkpoint.size }
  } catch (err) {
    if (!(err instanceof Fault)) return { state: 'unknown' }
    return err.code === 'unpublished' ? { state: 'soon' } : { state: 'wrong', code: err.code }
  }
}
