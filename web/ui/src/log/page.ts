import en from './words/en.json'
import zh from './words/zh-CN.json'
import { browserMemory, service } from './service'
import { type Checkpoint, Fault, LogCheck, type Proof, type Trust, verifyProof } from './verify'
import './page.css'

/** The page /verify/, also saved as one file: it needs the log's key and nothing else of ours. */

type Words = typeof en
let words: Words = /^zh/i.test(navigator.language) || !/^en/i.test(navigator.language) ? zh : en
const fill = (text: string, values: Record<string, unknown> = {}) => text.replace(/\{(\w+)\}/g, (_, k: string) => String(values[k]))

function make<K extends keyof HTMLElementTagNameMap>(tag: K, props: Partial<HTMLElementTagNameMap[K]> = {}, kids: (Node | string)[] = []): HTMLElementTagNameMap[K] {
  const el = Object.assign(document.createElement(tag), props)
  el.append(...kids)
  return el
}

const served = location.protocol !== 'file:'
const fields = {
  address: make('input', { value: served ? location.origin : '', id: 'address', autocomplete: 'off' }),
  key: make('input', { id: 'key', spellcheck: false, autocomplete: 'off' }),
  witnesses: make('textarea', { id: 'witnesses', spellcheck: false }),
  quorum: make('input', { id: 'quorum', type: 'number', min: '0', value: '0' }),
  proof: make('textarea', { id: 'proof', spellcheck: false }),
  file: make('input', { id: 'file', type: 'file' }),
}
const result = make('output', { id: 'result' })
result.setAttribute('aria-live', 'polite')

function say(state: 'good' | 'bad' | 'busy', lines: string[]): void {
  result.dataset.state = state
  result.textContent = lines.join('\n')
}

function trust(): Trust {
  return {
    key: fields.key.value.trim(),
    witnesses: fields.witnesses.value.split('\n').map((l) => l.trim()).filter(Boolean),
    quorum: Number(fields.quorum.value) || 0,
  }
}

function signers(cp: Checkpoint): string[] {
  if (cp.cosignatures.length === 0) return [words.no_witness]
  return cp.cosignatures.map((c) => fill(words.cosigned, { name: c.name, at: c.at.toLocaleString() }))
}

/** Runs a check and tells how it ended, whatever happens. */
async function run(work: () => Promise<string[]>): Promise<void> {
  say('busy', [words.busy])
  try {
    say('good', await work())
  } catch (e) {
    if (e instanceof Fault) say('bad', [words.fault[e.code], e.message])
    else say('bad', [fill(words.network, { detail: (e as Error).message })])
  }
}

const memory = () => {
  try {
    return localStorage ? browserMemory : undefined
  } catch {
    return undefined // a browser that keeps nothing
  }
}

async function checkLog(all: boolean): Promise<string[]> {
  const base = fields.address.value.trim().replace(/\/+$/, '')
  const kept = memory()
  const check = new LogCheck(service(base), trust(), kept)
  const before = kept?.get(trust().key.split('+')[0]!)
  const head = all ? await check.whole((done, of) => say('busy', [`${words.busy} ${done} / ${of}`])) : await check.head()
  const lines = [fill(words.done_log, { size: head.size }), ...signers(head)]
  if (before) lines.push(words.done_continues)
  if (all) lines.push(fill(words.done_all, { size: head.size }))
  return lines
}

/** A proof may stand by itself or within a receipt that carries one. */
function proofIn(text: string): Proof {
  try {
    const v = JSON.parse(text) as { proof?: Proof } & Proof
    const p = v.checkpoint ? v : v.proof
    if (p?.checkpoint) return p
  } catch {
    // said below
  }
  throw new Fault('bad_input', 'there is no proof in this text')
}

async function checkProof(): Promise<string[]> {
  const file = fields.file.files?.[0]
  const proof = proofIn(file ? await file.text() : fields.proof.value)
  const { checkpoint, entry } = await verifyProof(proof, trust())
  const text = entry ? Object.entries(entry).map(([k, v]) => `  ${k}: ${typeof v === 'string' ? v : JSON.stringify(v)}`) : [words.erased]
  return [fill(words.done_proof, { place: proof.leaf_index }), ...signers(checkpoint), '', ...text]
}

const labelled = (text: string, field: HTMLElement, hint?: string) =>
  make('label', {}, [text, ...(hint ? [make('small', { textContent: hint })] : []), field])
const button = (text: string, id: string, work: () => Promise<string[]>) => make('button', { type: 'button', id, textContent: text, onclick: () => void run(work) })

function draw(): void {
  document.documentElement.lang = words === zh ? 'zh-CN' : 'en'
  document.title = words.title
  const swap = make('button', { type: 'button', textContent: words.language, onclick: () => { words = words === zh ? en : zh; draw() } })
  const page = make('main', {}, [
    make('header', {}, [make('h1', { textContent: words.title }), swap]),
    make('p', { textContent: words.lead }),
    make('form', {}, [
      labelled(words.key, fields.key, words.key_hint),
      labelled(words.witnesses, fields.witnesses),
      labelled(words.quorum, fields.quorum),
    ]),
    make('form', {}, [
      labelled(words.address, fields.address),
      make('div', { className: 'row' }, [button(words.check_log, 'check-log', () => checkLog(false)), button(words.check_all, 'check-all', () => checkLog(true))]),
    ]),
    make('form', {}, [labelled(words.proof, fields.proof), fields.file, button(words.check_proof, 'check-proof', checkProof)]),
    result,
    ...(served ? [make('a', { href: 'shouwang-verify.html', download: 'shouwang-verify.html', textContent: words.save })] : []),
  ])
  for (const form of page.querySelectorAll('form')) form.onsubmit = (e) => e.preventDefault()
  document.body.replaceChildren(page)
}

/** Fills in what the service says of itself; the reader compares it. */
async function prefill(): Promise<void> {
  if (!served) return
  const res = await fetch(`${location.origin}/api/log`, { credentials: 'omit' })
  if (!res.ok) return
  const state = (await res.json()) as { key: string; quorum: number; cosigned: number; witnesses: { key: string }[] }
  fields.key.value ||= state.key
  fields.witnesses.value ||= state.witnesses.map((w) => w.key).join('\n')
  if (state.cosigned > 0) fields.quorum.value = String(state.quorum)
}

draw()
prefill().catch(() => undefined) // then the reader fills it in
