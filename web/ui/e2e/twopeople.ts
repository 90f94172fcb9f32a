import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'
import type { Page } from '@playwright/test'

/** An authenticator app: the codes of the secret that the page shows (RFC 6238). */
export class Authenticator {
  private last = 0
  constructor(private readonly secret: string) {}

  /** A code that was not given yet: a service takes each once, and one of the next 30 s early. */
  next(): string {
    const step = Math.max(Math.floor(Date.now() / 30_000), this.last + 1)
    this.last = step
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    const mac = createHmac('sha1', base32(this.secret)).update(counter).digest()
    const at = mac[mac.length - 1]! & 0x0f
    return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
  }
}

function base32(text: string): Buffer {
  const bits = [...text.replace(/\s/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)))
}

/** Sets a second factor up on the page /factor and returns the app that has it. */
export async function enrol(page: Page): Promise<Authenticator> {
  await page.locator('.card button.main:not(.small)').click()
  const app = new Authenticator(await page.locator('code.secret').innerText())
  await page.locator('.card input[name=code]').fill(app.next())
  await page.locator('.card form button.main').click()
  await page.locator('[role=status]').waitFor()
  return app
}

/** Unpacks a zip file into a folder and returns the paths; a package is flat. */
export function unpack(zip: string, into: string): string[] {
  const b = readFileSync(zip)
  mkdirSync(into, { recursive: true })
  const end = b.lastIndexOf(Buffer.from('PK\x05\x06'))
  const paths: string[] = []
  for (let at = b.readUInt32LE(end + 16); b.readUInt32LE(at) === 0x02014b50; ) {
    const [name, extra, note] = [28, 30, 32].map((o) => b.readUInt16LE(at + o)) as [number, number, number]
    const local = b.readUInt32LE(at + 42)
    const from = local + 30 + b.readUInt16LE(local + 26) + b.readUInt16LE(local + 28)
    const raw = b.subarray(from, from + b.readUInt32LE(at + 20))
    const path = `${into}/${b.toString('utf8', at + 46, at + 46 + name)}`
    writeFileSync(path, b.readUInt16LE(at + 10) === 8 ? inflateRawSync(raw) : raw)
    paths.push(path)
    at += 46 + name + extra + note
  }
  return paths
}

/** What `shouwang evidence verify` says of a package; throws unless it holds. */
export const verify = (program: string, key: string, zip: string) =>
  execFileSync(program, ['evidence', 'verify', '--key', key, zip], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Spoils one byte in the middle of a file. */
export function spoil(path: string) {
  const b = readFileSync(path)
  b[b.length >> 1]! ^= 1
  writeFileSync(path, b)
}
