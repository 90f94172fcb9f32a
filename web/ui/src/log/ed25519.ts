import { hashes, verify } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import type { Bytes } from './bytes'

hashes.sha512 = sha512

let native: boolean | undefined

/**
 * Verifies an Ed25519 signature (RFC 8032) with the browser's own code, or with
 * noble's where the browser has none: older ones, and pages without TLS.
 * Anything malformed is not valid.
 */
export async function ed25519(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  if (native === undefined) native = await has()
  if (!native) return ed25519ByHand(key, signature, message)
  try {
    const k = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify'])
    return await crypto.subtle.verify({ name: 'Ed25519' }, k, signature, message)
  } catch {
    return false
  }
}

/** Reports whether the browser knows Ed25519, by the public key of RFC 8032's first test. */
async function has(): Promise<boolean> {
  const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
  try {
    await crypto.subtle.importKey('raw', Uint8Array.from(key.match(/../g)!, (h) => parseInt(h, 16)), { name: 'Ed25519' }, false, ['verify'])
    return true
  } catch {
    return false
  }
}

/** The same by noble's code. */
export function ed25519ByHand(key: Bytes, signature: Bytes, message: Bytes): boolean {
  try {
    return verify(signature, message, key, { zip215: false })
  } catch {
    return false
  }
}
