import { sha256 as hash } from '@noble/hashes/sha2.js'

/**
 * Bytes, base64 and SHA-256. The hash is noble's and not the browser's: that one
 * is missing on pages without TLS and is slow for many small inputs.
 */

export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes

export function fromBase64(text: string): Bytes {
  const raw = atob(text) // throws on anything but base64
  const out = new Uint8Array(raw.length)
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i)
  return out
}

export function toBase64(bytes: Uint8Array): string {
  let raw = ''
  for (const b of bytes) raw += String.fromCharCode(b)
  return btoa(raw)
}

export function join(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) {
    out.set(p, at)
    at += p.length
  }
  return out
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i])
}

export function sha256(...parts: Uint8Array[]): Bytes {
  return hash(join(...parts)) as Bytes
}
