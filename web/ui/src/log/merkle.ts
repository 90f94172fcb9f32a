import { type Bytes, same, sha256 } from './bytes'

/**
 * The hash tree of RFC 6962 and the checks of its proofs as RFC 9162 (2.1.3.2
 * and 2.1.4.2) writes them. Sizes are below 2^53, so numbers hold them; shifts
 * are divisions because JavaScript's shifts stop at 32 bits.
 */

const leafPrefix = new Uint8Array([0])
const nodePrefix = new Uint8Array([1])

export const leafHash = (leaf: Uint8Array): Bytes => sha256(leafPrefix, leaf)
export const nodeHash = (left: Uint8Array, right: Uint8Array): Bytes => sha256(nodePrefix, left, right)
export const emptyRoot = (): Bytes => sha256()

const odd = (n: number) => n % 2 === 1
const half = (n: number) => Math.floor(n / 2)

/** Reports whether the leaf hash stands at index in the tree of that size and root. */
export function included(leaf: Uint8Array, index: number, size: number, path: Uint8Array[], root: Uint8Array): boolean {
  if (!(index >= 0 && index < size)) return false
  let fn = index
  let sn = size - 1
  let hash: Uint8Array = leaf
  for (const p of path) {
    if (sn === 0) return false
    if (odd(fn) || fn === sn) {
      hash = nodeHash(p, hash)
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      hash = nodeHash(hash, p)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(hash, root)
}

/** Reports whether the tree of the larger size begins with the whole smaller one. */
export function consistent(from: number, older: Uint8Array, to: number, newer: Uint8Array, path: Uint8Array[]): boolean {
  if (from > to) return false
  if (from === to) return path.length === 0 && same(older, newer)
  if (from === 0) return path.length === 0
  const proof = Number.isInteger(Math.log2(from)) ? [older, ...path] : path
  if (proof.length === 0) return false
  let fn = from - 1
  let sn = to - 1
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)]
  let fr = proof[0]!
  let sr = proof[0]!
  for (const c of proof.slice(1)) {
    if (sn === 0) return false
    if (odd(fn) || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (!odd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = nodeHash(sr, c)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  return sn === 0 && same(fr, older) && same(sr, newer)
}

/** Grows a tree leaf by leaf, holding the roots of its complete subtrees only. */
export class Growing {
  size = 0
  private peaks: Bytes[] = []

  add(leaf: Uint8Array): void {
    let hash = leafHash(leaf)
    for (let n = this.size; odd(n); n = half(n)) hash = nodeHash(this.peaks.pop()!, hash)
    this.peaks.push(hash)
    this.size++
  }

  root(): Bytes {
    if (this.peaks.length === 0) return emptyRoot()
    let hash = this.peaks[this.peaks.length - 1]!
    for (let i = this.peaks.length - 2; i >= 0; i--) hash = nodeHash(this.peaks[i]!, hash)
    return hash
  }
}
