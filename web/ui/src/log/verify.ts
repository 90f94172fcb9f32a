import { type Bytes, fromBase64, same, sha256, utf8 } from './bytes'
import { consistent, Growing, included, leafHash } from './merkle'
import { type Checkpoint, Fault, type FaultCode, openCheckpoint, type Trust } from './note'

/**
 * Checks the access log in the browser, with the public key and nothing else
 * of ours: that an entry is what was logged, that it stands in the log, that
 * witnesses have seen the log, and that today's log continues yesterday's.
 *
 * Every function either returns what was verified or throws a Fault whose code
 * says what is wrong. Anything else thrown is a fault of the network.
 */
export { Fault, openCheckpoint }
export type { Checkpoint, FaultCode, Trust }

/** A proof as the service gives it (JSON; bytes in base64). */
export interface Proof {
  index?: number
  leaf_index: number
  salt?: string
  entry?: string
  leaf: string
  hashes: string[]
  checkpoint: string
}

/** An entry of the log as a resident may read it: the text that was logged, letter by letter. */
export interface Entry {
  leaf_index: number
  salt: string
  entry: string
}

/** What a page may claim after a check. */
export interface Verified {
  checkpoint: Checkpoint
  /** The entry's fields as they were logged; null where its text was erased. */
  entry: Record<string, unknown> | null
}

/** The commitment that stands in the public log for a text: SHA-256 of a fixed line, the salt and the text. */
export function commitment(salt: Uint8Array, text: string): Bytes {
  return sha256(utf8('shouwang audit leaf v1\n'), salt, utf8(text))
}

/** Verifies a proof by itself, offline: entry, place, signature, witnesses. */
export async function verifyProof(proof: Proof, trust: Trust): Promise<Verified> {
  const checkpoint = await openCheckpoint(proof.checkpoint, trust)
  const leaf = bytes(proof.leaf, 32)
  const entry = proof.entry ? committed(proof.salt ?? '', proof.entry, leaf) : null
  standsIn(leaf, proof.leaf_index, checkpoint, (proof.hashes ?? []).map((h) => bytes(h, 32)))
  return { checkpoint, entry }
}

/** Verifies that the newer checkpoint's log begins with the whole log of the older. */
export function verifyConsistency(older: Checkpoint, newer: Checkpoint, hashes: string[]): void {
  if (older.size > newer.size) throw new Fault('dropped', `the log has ${newer.size} entries and had ${older.size}`)
  const path = hashes.map((h) => bytes(h, 32))
  if (!consistent(older.size, older.root, newer.size, newer.root, path)) {
    throw new Fault('split', 'the log does not continue the one that was seen before: it was split or rewritten')
  }
}

/** Where the log is read: the service's API, or a mirror of it. */
export interface Source {
  checkpoint(): Promise<string>
  inclusion(index: number, size: number): Promise<string[]>
  consistency(from: number, to: number): Promise<string[]>
  /** A file of the log by its C2SP tlog-tiles path, such as tile/entries/000. */
  tile(path: string): Promise<Uint8Array>
}

/** What is remembered from one visit to the next. */
export interface Memory {
  get(origin: string): string | null
  set(origin: string, checkpoint: string): void
}

/**
 * Checks entries against one checkpoint, read once. With a memory it also
 * checks that the log continues the one seen at the last visit, and remembers
 * the newer: a log that is shown differently to two visits is found out.
 */
export class LogCheck {
  private readonly source: Source
  private readonly trust: Trust
  private readonly memory: Memory | undefined
  private opened: Promise<Checkpoint> | undefined

  constructor(source: Source, trust: Trust, memory?: Memory) {
    this.source = source
    this.trust = trust
    this.memory = memory
  }

  /** The verified checkpoint that entries are checked against. */
  head(): Promise<Checkpoint> {
    this.opened ??= this.open()
    return this.opened
  }

  private async open(): Promise<Checkpoint> {
    const head = await openCheckpoint(await this.source.checkpoint(), this.trust)
    const kept = this.memory?.get(head.origin)
    if (kept) await this.continues(await openCheckpoint(kept, { key: this.trust.key }), head)
    this.memory?.set(head.origin, head.raw)
    return head
  }

  private async continues(older: Checkpoint, head: Checkpoint): Promise<void> {
    const between = older.size > 0 && older.size < head.size
    verifyConsistency(older, head, between ? await this.source.consistency(older.size, head.size) : [])
  }

  /** Verifies one entry. Fault unpublished: the log's checkpoint does not cover it yet, so ask again in a minute. */
  async entry(e: Entry): Promise<Verified> {
    const checkpoint = await this.head()
    const leaf = commitment(bytes(e.salt, 32), e.entry)
    if (e.leaf_index >= checkpoint.size) throw new Fault('unpublished', `entry ${e.leaf_index} is newer than the checkpoint`)
    const path = await this.source.inclusion(e.leaf_index, checkpoint.size)
    standsIn(leaf, e.leaf_index, checkpoint, path.map((h) => bytes(h, 32)))
    return { checkpoint, entry: parsed(e.entry) }
  }

  /** A partial file may be gone once the full one is there (C2SP tlog-tiles). */
  private async bundle(n: number, width: number): Promise<Uint8Array> {
    try {
      return await this.source.tile(bundlePath(n, width))
    } catch (e) {
      if (width === 256) throw e
      return await this.source.tile(bundlePath(n, 256))
    }
  }

  /** Reads and hashes the whole log. progress is told how many entries are done. */
  async whole(progress?: (done: number, of: number) => void): Promise<Checkpoint> {
    const head = await this.head()
    const tree = new Growing()
    for (let n = 0; n * 256 < head.size; n++) {
      const want = Math.min(256, head.size - n * 256)
      const leaves = bundle(await this.bundle(n, want))
      if (leaves.length < want) throw new Fault('dropped', `entries from ${n * 256 + leaves.length} on are missing`)
      for (const leaf of leaves.slice(0, want)) tree.add(leaf)
      progress?.(tree.size, head.size)
    }
    if (!same(tree.root(), head.root)) throw new Fault('entry_missing', 'the entries are not those that the checkpoint was signed for: some were changed, reordered or dropped')
    return head
  }
}

/** The path of a file of commitments (C2SP tlog-tiles), partial when it holds fewer than 256. */
export function bundlePath(n: number, width: number): string {
  let path = String(n % 1000).padStart(3, '0')
  for (let rest = Math.floor(n / 1000); rest > 0; rest = Math.floor(rest / 1000)) path = `x${String(rest % 1000).padStart(3, '0')}/${path}`
  return `tile/entries/${path}${width < 256 ? `.p/${width}` : ''}`
}

/** Reads a file of commitments: each with its length before it, two bytes, big-endian. */
function bundle(raw: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = []
  for (let at = 0; at < raw.length; ) {
    const n = raw[at]! * 256 + (raw[at + 1] ?? 0)
    if (at + 2 + n > raw.length) throw new Fault('bad_input', 'a file of the log cannot be read')
    out.push(raw.subarray(at + 2, at + 2 + n))
    at += 2 + n
  }
  return out
}

function committed(salt: string, text: string, leaf: Uint8Array): Record<string, unknown> {
  if (!same(commitment(bytes(salt, 32), text), leaf)) throw new Fault('entry_changed', 'the text is not the one that was logged')
  return parsed(text)
}

function standsIn(leaf: Uint8Array, index: number, cp: Checkpoint, path: Uint8Array[]): void {
  if (!Number.isSafeInteger(index) || !included(leafHash(leaf), index, cp.size, path, cp.root)) {
    throw new Fault('entry_missing', `the log does not hold this at place ${index}: it was changed or never logged`)
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const v: unknown = JSON.parse(text)
    if (v && typeof v === 'object' && !Array.isArray(v)) return v as Record<string, unknown>
  } catch {
    // said below
  }
  throw new Fault('bad_input', 'the entry is not readable')
}

function bytes(text: unknown, length: number): Bytes {
  try {
    const b = fromBase64(String(text ?? ''))
    if (b.length === length) return b
  } catch {
    // said below
  }
  throw new Fault('bad_input', `a hash or salt is not ${length} bytes of base64`)
}
