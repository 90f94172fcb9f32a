import { type Bytes, fromBase64, join, same, sha256, utf8 } from './bytes'
import { ed25519 } from './ed25519'

/**
 * Signed notes, checkpoints and cosignatures: C2SP signed-note, tlog-checkpoint
 * and tlog-cosignature (cosignature/v1 with Ed25519).
 */

/** Why something does not verify. The code is stable; pages have a text for each. */
export type FaultCode =
  | 'bad_key' // a public key that cannot be read
  | 'bad_input' // not a proof or a checkpoint at all
  | 'bad_signature' // the checkpoint is not signed by the log's key
  | 'other_log' // the checkpoint names another log
  | 'too_few_witnesses' // fewer witnesses than asked for have cosigned
  | 'entry_changed' // salt and text are not what the log committed to
  | 'entry_missing' // the commitment is not in the log at that place
  | 'dropped' // the log is shorter than it was
  | 'split' // two checkpoints that cannot be of one log
  | 'unpublished' // the log's checkpoint does not cover the entry yet
  | 'shown_differs' // the page shows something else than what was logged

export class Fault extends Error {
  readonly code: FaultCode
  constructor(code: FaultCode, detail: string) {
    super(detail)
    this.name = 'Fault'
    this.code = code
  }
}

const algEd25519 = 1
const algCosignatureV1 = 4

interface Key {
  name: string
  hash: Bytes
  alg: number
  key: Bytes
}

/** Reads a verifier key: name+hash+base64, as `/api/log/key` gives it and C2SP signed-note defines it. */
export function readKey(vkey: string): Key {
  const [name = '', hex = '', ...rest] = vkey.trim().split('+')
  try {
    const raw = fromBase64(rest.join('+'))
    const want = sha256(utf8(`${name}\n`), raw)
    const alg = raw[0]
    if (name && raw.length === 33 && (alg === algEd25519 || alg === algCosignatureV1) && hex === hexOf(want.slice(0, 4))) {
      return { name, hash: want.slice(0, 4), alg, key: raw.slice(1) }
    }
  } catch {
    // said below
  }
  throw new Fault('bad_key', `${JSON.stringify(vkey.slice(0, 80))} is not a public key: it has the form NAME+HASH+KEY`)
}

const hexOf = (b: Uint8Array) => [...b].map((v) => v.toString(16).padStart(2, '0')).join('')

interface Line {
  name: string
  hash: Bytes
  signature: Bytes
}

/** Splits a note into its text, final newline included, and its signature lines. */
function splitNote(raw: string): { text: string; lines: Line[] } {
  const at = raw.lastIndexOf('\n\n')
  if (at < 0 || !raw.endsWith('\n') || raw.length > 1_000_000) throw new Fault('bad_input', 'this is not a checkpoint: it has no signatures')
  const lines = raw.slice(at + 2, -1).split('\n').map((line) => {
    const m = /^— (\S+) (\S+)$/.exec(line)
    try {
      const blob = fromBase64(m![2]!)
      if (blob.length > 4) return { name: m![1]!, hash: blob.slice(0, 4), signature: blob.slice(4) }
    } catch {
      // said below
    }
    throw new Fault('bad_input', 'this is not a checkpoint: a signature line cannot be read')
  })
  return { text: raw.slice(0, at + 1), lines }
}

/** When a witness saw the checkpoint; null when it did not sign it. */
async function cosigned(text: string, lines: Line[], key: Key): Promise<Date | null> {
  for (const l of lines) {
    if (l.name !== key.name || !same(l.hash, key.hash) || l.signature.length !== 72) continue
    const seconds = new DataView(l.signature.buffer, l.signature.byteOffset).getBigUint64(0)
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${text}`)
    if (await ed25519(key.key, l.signature.slice(8), message)) return new Date(Number(seconds) * 1000)
  }
  return null
}

async function signed(text: string, lines: Line[], key: Key): Promise<boolean> {
  for (const l of lines) {
    if (l.name === key.name && same(l.hash, key.hash) && l.signature.length === 64 && (await ed25519(key.key, l.signature, utf8(text)))) return true
  }
  return false
}

/** Whom to believe: the log's public key, the witnesses' keys, and how many of them must have cosigned. */
export interface Trust {
  key: string
  witnesses?: string[]
  /** Cosignatures needed; 0 when absent. */
  quorum?: number
}

/** A checkpoint whose signatures hold. */
export interface Checkpoint {
  raw: string
  origin: string
  size: number
  root: Bytes
  /** The witnesses of the trust that have cosigned it, and when. */
  cosignatures: { name: string; at: Date }[]
}

/** Verifies a checkpoint's signatures and reads it. Throws a Fault otherwise. */
export async function openCheckpoint(raw: string, trust: Trust): Promise<Checkpoint> {
  const key = readKey(trust.key)
  const { text, lines } = splitNote(raw)
  if (key.alg !== algEd25519 || !(await signed(text, lines, key))) throw new Fault('bad_signature', `the checkpoint is not signed by the key of ${key.name}`)
  const [origin = '', size = '', root = ''] = text.split('\n')
  if (origin !== key.name) throw new Fault('other_log', `the checkpoint is of the log ${origin}, not of ${key.name}`)
  const out: Checkpoint = { raw, origin, size: Number(size), root: readRoot(root), cosignatures: [] }
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(out.size)) throw new Fault('bad_input', 'the checkpoint has no size')
  for (const w of trust.witnesses ?? []) {
    const witness = readKey(w)
    // A key as a note signer has it stands for the cosignature key of the same bytes.
    const cosigner = witness.alg === algCosignatureV1 ? witness : asCosigner(witness)
    const at = await cosigned(text, lines, cosigner)
    if (at) out.cosignatures.push({ name: witness.name, at })
  }
  const need = trust.quorum ?? 0
  if (out.cosignatures.length < need) throw new Fault('too_few_witnesses', `${out.cosignatures.length} of the witnesses have cosigned, ${need} are needed`)
  return out
}

function asCosigner(k: Key): Key {
  const raw = join(new Uint8Array([algCosignatureV1]), k.key)
  return { ...k, alg: algCosignatureV1, hash: sha256(utf8(`${k.name}\n`), raw).slice(0, 4) }
}

function readRoot(text: string): Bytes {
  try {
    const root = fromBase64(text)
    if (root.length === 32) return root
  } catch {
    // said below
  }
  throw new Fault('bad_input', 'the checkpoint has no root')
}
