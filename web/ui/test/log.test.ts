import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64, utf8 } from '../src/log/bytes'
import { ed25519, ed25519ByHand } from '../src/log/ed25519'
import { readKey } from '../src/log/note'
import { bundlePath, type Entry, Fault, type FaultCode, LogCheck, type Memory, openCheckpoint, type Proof, type Source, type Trust, verifyConsistency, verifyProof } from '../src/log/verify'
import { checkLook, type ShownLook, trustOf } from '../src/log/service'
import vectors from './vectors/log.json'

const trust: Trust = { key: vectors.key, witnesses: vectors.witnesses, quorum: 2 }
const alone: Trust = { key: vectors.key }
const first = vectors.proofs[0]! as Proof

async function fault(work: () => Promise<unknown> | unknown): Promise<FaultCode | 'none'> {
  try {
    await work()
    return 'none'
  } catch (e) {
    if (e instanceof Fault) return e.code
    throw e
  }
}

/** A service that serves the vectors. */
function source(change: Partial<Source> = {}): Source {
  return {
    checkpoint: async () => vectors.newer,
    inclusion: async (index) => (vectors.proofs as Proof[]).find((p) => p.leaf_index === index)!.hashes,
    consistency: async () => vectors.consistency,
    tile: async (path) => fromBase64((vectors.tiles as Record<string, string>)[path]!),
    ...change,
  }
}
const entry = (p: Proof): Entry => ({ leaf_index: p.leaf_index, salt: p.salt!, entry: p.entry! })
function memory(kept: string | null): Memory & { kept: string | null } {
  return { kept, get: () => kept, set(_o, cp) { this.kept = cp } }
}

describe('a proof made by the service', () => {
  it('verifies, and the entry is read from what was verified', async () => {
    for (const p of vectors.proofs as Proof[]) {
      const v = await verifyProof(p, trust)
      expect(v.checkpoint.size).toBe(300)
      expect(v.checkpoint.cosignatures.map((c) => c.name)).toEqual(['oversight.example.cn/w', 'residents.example.cn/w'])
      expect(v.entry?.person).toBe('陈 <Chen> & Co')
    }
  })

  it('fails when anything in it is changed', async () => {
    const flip = (b64: string) => {
      const b = fromBase64(b64)
      b[3]! ^= 1
      return toBase64(b)
    }
    const cases: [string, Partial<Proof>, FaultCode][] = [
      ['another text', { entry: first.entry!.replace('officer:chen', 'officer:wang') }, 'entry_changed'],
      ['another salt', { salt: flip(first.salt!) }, 'entry_changed'],
      ['a short salt', { salt: toBase64(fromBase64(first.salt!).slice(1)) }, 'bad_input'],
      ['another leaf', { leaf: flip(first.leaf), entry: '', salt: '' }, 'entry_missing'],
      ['another place', { leaf_index: 1 }, 'entry_missing'],
      ['a place past the end', { leaf_index: 2 ** 52 }, 'entry_missing'],
      ['half a place', { leaf_index: 0.5 }, 'entry_missing'],
      ['a shorter path', { hashes: first.hashes.slice(1) }, 'entry_missing'],
      ['a longer path', { hashes: [...first.hashes, first.hashes[0]!] }, 'entry_missing'],
      ['a spoiled path', { hashes: [flip(first.hashes[0]!), ...first.hashes.slice(1)] }, 'entry_missing'],
      ['a crooked hash', { hashes: ['AAAA', ...first.hashes.slice(1)] }, 'bad_input'],
      ['an edited checkpoint', { checkpoint: first.checkpoint.replace('\n300\n', '\n301\n') }, 'bad_signature'],
      ['no checkpoint', { checkpoint: '' }, 'bad_input'],
      ['the split log\'s checkpoint', { checkpoint: vectors.split }, 'too_few_witnesses'],
      ['nonsense', { checkpoint: 'x\n\n— y z\n' }, 'bad_input'],
    ]
    for (const [name, change, code] of cases) expect(await fault(() => verifyProof({ ...first, ...change }, trust)), name).toBe(code)
  })

  it('passes in the split log only where no witness is asked', async () => {
    expect(await fault(() => verifyProof(vectors.split_proof as Proof, alone))).toBe('none')
    expect(await fault(() => verifyProof(vectors.split_proof as Proof, trust))).toBe('too_few_witnesses')
    expect(await fault(() => verifyProof(vectors.split_proof as Proof, { ...trust, quorum: 1 }))).toBe('too_few_witnesses')
  })

  it('needs the log\'s own key', async () => {
    expect(await fault(() => verifyProof(first, { key: vectors.witnesses[0]! }))).toBe('bad_signature')
    for (const key of ['', 'nonsense', 'a+b+c', vectors.key.replace('+', '+0')]) expect(await fault(() => verifyProof(first, { key })), key).toBe('bad_key')
  })
})

describe('the log as a whole', () => {
  it('continues the one seen before, which is then remembered', async () => {
    const m = memory(vectors.older)
    expect((await new LogCheck(source(), trust, m).head()).size).toBe(300)
    expect(m.kept).toBe(vectors.newer)
  })

  it('is found split, shortened or rewritten', async () => {
    const newer = await openCheckpoint(vectors.newer, trust)
    const older = await openCheckpoint(vectors.older, alone)
    const split = await openCheckpoint(vectors.split, alone)
    verifyConsistency(older, newer, vectors.consistency)
    expect(await fault(() => verifyConsistency(newer, split, []))).toBe('split')
    expect(await fault(() => verifyConsistency(older, split, vectors.consistency))).toBe('split')
    expect(await fault(() => verifyConsistency(older, newer, []))).toBe('split')
    expect(await fault(() => verifyConsistency(newer, older, vectors.consistency))).toBe('dropped')
    const m = memory(vectors.split)
    expect(await fault(() => new LogCheck(source(), trust, m).head())).toBe('split')
    expect(m.kept).toBe(vectors.split) // what was believed first stays, as evidence
    expect(await fault(() => new LogCheck(source({ checkpoint: async () => vectors.older }), alone, memory(vectors.newer)).head())).toBe('dropped')
  })

  it('holds each entry that a resident is shown', async () => {
    const check = new LogCheck(source(), trust)
    for (const p of vectors.proofs as Proof[]) expect((await check.entry(entry(p))).entry?.camera).toMatch(/^camera:/)
    expect(await fault(() => check.entry({ ...entry(first), entry: first.entry!.replace('allow', 'deny ') }))).toBe('entry_missing')
    expect(await fault(() => check.entry({ ...entry(first), leaf_index: 300 }))).toBe('unpublished')
  })

  it('is read and hashed to the end', async () => {
    const seen: number[] = []
    const head = await new LogCheck(source(), trust).whole((done) => seen.push(done))
    expect([head.size, seen]).toEqual([300, [256, 300]])
  })

  it('is found changed, reordered or short', async () => {
    const record = 2 + 32
    const spoil = (how: (b: Uint8Array) => Uint8Array) =>
      fault(() => new LogCheck(source({ tile: async (path) => how(await source().tile(path)) }), trust).whole())
    expect(await spoil((b) => b.map((v, i) => (i === 70 ? v ^ 1 : v)))).toBe('entry_missing')
    expect(await spoil((b) => Uint8Array.of(...b.subarray(record, 2 * record), ...b.subarray(0, record), ...b.subarray(2 * record)))).toBe('entry_missing')
    expect(await spoil((b) => b.subarray(record))).toBe('dropped')
    expect(await spoil((b) => b.subarray(0, b.length - 1))).toBe('bad_input')
  })
})

it('names the files of the log as C2SP does', () => {
  expect(bundlePath(0, 256)).toBe('tile/entries/000')
  expect(bundlePath(1, 44)).toBe('tile/entries/001.p/44')
  expect(bundlePath(1234067, 256)).toBe('tile/entries/x001/x234/067')
})

it('verifies signatures alike with the browser\'s code and by hand', async () => {
  const { key } = readKey(vectors.key)
  const [text, lines] = vectors.older.split('\n\n') as [string, string]
  const signature = fromBase64(lines.trim().split(' ')[2]!).slice(4)
  for (const [message, good] of [[`${text}\n`, true], [text, false]] as const) {
    expect(await ed25519(key, signature, utf8(message))).toBe(good)
    expect(ed25519ByHand(key, signature, utf8(message))).toBe(good)
  }
  expect(ed25519ByHand(key, signature.slice(1), utf8(`${text}\n`))).toBe(false)
  expect(await ed25519(key.slice(1), signature, utf8(`${text}\n`))).toBe(false)
})

describe('a look that the page shows', () => {
  const logged = JSON.parse(first.entry!) as { at: string; person: string; action: string; purpose: string; bytes_out?: number }
  const shown: ShownLook = { at: logged.at, person: logged.person, action: logged.action, purpose: logged.purpose, bytes_out: 0, proof: entry(first) }
  const ended: ShownLook = { ...shown, to: logged.at, bytes_out: logged.bytes_out ?? 0, end: entry(first) }

  it('is checked against what was logged', async () => {
    const check = () => new LogCheck(source(), trust)
    expect((await checkLook(check(), shown)).ended).toBe(false)
    expect((await checkLook(check(), ended)).ended).toBe(true)
    for (const change of [{ person: 'Somebody' }, { at: '2026-11-23T12:00:01Z' }, { action: 'export' }, { purpose: 'own' }]) {
      expect(await fault(() => checkLook(check(), { ...shown, ...change })), JSON.stringify(change)).toBe('shown_differs')
    }
    expect(await fault(() => checkLook(check(), { ...ended, to: '2026-11-23T13:00:00Z' }))).toBe('shown_differs')
    expect(await fault(() => checkLook(check(), { ...shown, proof: { ...shown.proof, leaf_index: undefined } }))).toBe('unpublished')
  })

  it('is checked under the key of the first visit', async () => {
    const kept = new Map<string, string>()
    const store = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) }
    let key = vectors.key
    globalThis.fetch = (async () => Response.json({ key, quorum: 2, cosigned: 300, witnesses: vectors.witnesses.map((k) => ({ key: k })) })) as typeof fetch
    expect(await trustOf('', store)).toEqual(trust)
    expect(await trustOf('', store)).toEqual(trust)
    key = vectors.witnesses[0]!
    expect(await fault(() => trustOf('', store))).toBe('other_log')
  })
})
