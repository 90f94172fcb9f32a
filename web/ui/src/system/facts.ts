import { size } from '../i18n/time'

export interface Fact {
  name: string
  value: string
}

export interface FactGroup {
  name: string
  facts: Fact[]
}

function show(name: string, v: unknown): string {
  if (typeof v === 'number' && /bytes/.test(name)) return size(v)
  if (typeof v === 'number') return Number.isInteger(v) ? String(v) : v.toFixed(3)
  return String(v)
}

const numbered = (list: unknown[]) => Object.fromEntries(list.map((x, i) => [String(i + 1), x]))

function flatten(prefix: string, v: unknown, out: Fact[]) {
  if (v === null || v === undefined || v === '') return
  if (typeof v === 'object') {
    for (const [k, x] of Object.entries(Array.isArray(v) ? numbered(v) : v)) flatten(prefix ? `${prefix}.${k}` : k, x, out)
    return
  }
  out.push({ name: prefix, value: show(prefix, v) })
}

/** Turns the system document into named groups of plain facts, one level a group. */
export function facts(doc: Record<string, unknown>): FactGroup[] {
  const loose: Fact[] = []
  const groups: FactGroup[] = []
  for (const [name, v] of Object.entries(doc)) {
    if (v !== null && typeof v === 'object') {
      const list: Fact[] = []
      flatten('', v, list)
      if (list.length > 0) groups.push({ name, facts: list })
    } else flatten(name, v, loose)
  }
  return loose.length > 0 ? [{ name: 'general', facts: loose }, ...groups] : groups
}
