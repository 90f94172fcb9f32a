import { type Checkpoint, Fault, LogCheck, type Memory, type Source, type Trust, type Verified } from './verify'

/** Reads the log from the service at base ('' is the page's own), without the session's cookie: the log is for anybody. */
export function service(base = ''): Source {
  const get = async (path: string): Promise<Response> => {
    const res = await fetch(`${base}/api/log/${path}`, { credentials: 'omit', cache: 'no-store' })
    if (!res.ok) throw new Error(`${path}: ${res.status}`)
    return res
  }
  const hashes = async (path: string) => ((await (await get(path)).json()) as { hashes: string[] }).hashes
  return {
    checkpoint: async () => (await get('checkpoint')).text(),
    inclusion: (index, size) => hashes(`proof/inclusion?index=${index}&size=${size}`),
    consistency: (from, to) => hashes(`proof/consistency?from=${from}&to=${to}`),
    tile: async (path) => new Uint8Array(await (await get(path)).arrayBuffer()),
  }
}

const prefix = 'shouwang.log.'

/** Remembers in this browser which checkpoint of a log it saw last. */
export const browserMemory: Memory = {
  get: (origin) => localStorage.getItem(`${prefix}seen.${origin}`),
  set: (origin, checkpoint) => localStorage.setItem(`${prefix}seen.${origin}`, checkpoint),
}

/**
 * Whom this browser believes about the service's log: the key it was shown at
 * the first visit, for ever after. Throws other_log when another key is shown
 * later. Whoever has the key from a receipt or a notice board compares it.
 */
export async function trustOf(base = '', store: Pick<Storage, 'getItem' | 'setItem'> = localStorage): Promise<Trust> {
  const res = await fetch(`${base}/api/log`, { credentials: 'omit', cache: 'no-store' })
  if (!res.ok) throw new Error(`log: ${res.status}`)
  const state = (await res.json()) as { key: string; quorum: number; cosigned: number; witnesses: { key: string }[] }
  const kept = store.getItem(`${prefix}key`)
  if (kept && kept !== state.key) throw new Fault('other_log', `the log's key is another than at the first visit: ${state.key}`)
  if (!kept) store.setItem(`${prefix}key`, state.key)
  return { key: state.key, witnesses: state.witnesses.map((w) => w.key), quorum: state.cosigned > 0 ? state.quorum : 0 }
}

interface Proven {
  leaf_index?: number
  salt: string
  entry: string
}

/** A look as the page shows it, with what proves it (GET /api/my/cameras/{id}/looks). */
export interface ShownLook {
  at: string
  to?: string
  person: string
  action: string
  purpose: string
  bytes_out: number
  proof: Proven
  end?: Proven
}

/** What was checked of a look, for the page to say. */
export interface CheckedLook {
  checkpoint: Checkpoint
  /** The look's end was checked as well: how long it took. */
  ended: boolean
}

/** The check for the pages of this browser: pinned key, remembered checkpoint. */
export async function openCheck(base = ''): Promise<LogCheck> {
  return new LogCheck(service(base), await trustOf(base), browserMemory)
}

/**
 * Verifies that a look stands in the log and that the page shows what was
 * logged: who, when, what for, until when. Throws a Fault otherwise.
 */
export async function checkLook(check: LogCheck, look: ShownLook): Promise<CheckedLook> {
  const begin = await verified(check, look.proof)
  const e = begin.entry ?? {}
  const instant = (v: unknown) => Date.parse(String(v))
  const shown =
    instant(e.at) === instant(look.at) && (e.person === look.person || e.principal === look.person) &&
    e.action === look.action && (e.purpose ?? '') === look.purpose
  if (!shown) throw new Fault('shown_differs', 'the page shows something else than what was logged')
  if (!look.end) return { checkpoint: begin.checkpoint, ended: false }
  const end = (await verified(check, look.end)).entry ?? {}
  if (end.decision_id !== e.decision_id || instant(end.at) !== instant(look.to) || Number(end.bytes_out ?? 0) !== look.bytes_out) {
    throw new Fault('shown_differs', 'the page shows another end of the look than what was logged')
  }
  return { checkpoint: begin.checkpoint, ended: true }
}

async function verified(check: LogCheck, p: Proven): Promise<Verified> {
  if (p.leaf_index === undefined) throw new Fault('unpublished', 'the entry is a moment old and has no place in the log yet')
  return check.entry({ leaf_index: p.leaf_index, salt: p.salt, entry: p.entry })
}
