// Says what a page came to hold between two heap snapshots of V8: by kind of
// thing, and by what holds what is new.
//
//   node dev/heap.mjs FIRST.heapsnapshot LAST.heapsnapshot [rows]
//
// e2e/many.mjs --snapshots takes them. An object keeps its number from one
// snapshot to the next, so what is new is what the first has no number for. The
// way to each is the shortest from the roots over strong references. Format:
// v8/src/profiler/heap-snapshot-generator.cc (HeapSnapshotJSONSerializer).
import { readFileSync } from 'node:fs'

const kilo = (bytes) => (bytes / 1024).toFixed(1).padStart(9)

/** A snapshot with names in place of numbers, and for each node the edge by which it is reached first. */
function read(path) {
  const raw = JSON.parse(readFileSync(path, 'utf8'))
  const { node_fields: nf, edge_fields: ef, node_types: nt, edge_types: et } = raw.snapshot.meta
  const [size, wide] = [nf.length, ef.length]
  const at = (field) => nf.indexOf(field)
  const count = raw.nodes.length / size
  const value = (i, field) => raw.nodes[i * size + at(field)]
  const first = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) first[i + 1] = first[i] + value(i, 'edge_count')
  const edge = (e, field) => raw.edges[e * wide + ef.indexOf(field)]
  const kindOf = (i) => nt[0][value(i, 'type')]
  const nameOf = (i) => raw.strings[value(i, 'name')]
  const edgeName = (e) => {
    const kind = et[0][edge(e, 'type')]
    const name = edge(e, 'name_or_index')
    return kind === 'element' || kind === 'hidden' ? '[]' : raw.strings[name].replace(/\d{2,}/g, '#')
  }
  const by = new Int32Array(count).fill(-1)
  const parent = new Int32Array(count).fill(-1)
  const seen = new Uint8Array(count)
  const queue = [0]
  seen[0] = 1
  for (let head = 0; head < queue.length; head++) {
    const i = queue[head]
    for (let e = first[i]; e < first[i + 1]; e++) {
      if (et[0][edge(e, 'type')] === 'weak') continue
      const to = edge(e, 'to_node') / size
      if (seen[to]) continue
      seen[to] = 1
      by[to] = e
      parent[to] = i
      queue.push(to)
    }
  }
  return { count, id: (i) => value(i, 'id'), bytes: (i) => value(i, 'self_size'), kindOf, nameOf, edgeName, by, parent }
}

/** What a thing is called in a table: strings and code by their kind alone. */
function label(s, i) {
  const kind = s.kindOf(i)
  const name = s.nameOf(i)
  if (kind.includes('string')) return `(${kind}) ${name.startsWith('data:') ? name.slice(0, 22) + '…' : ''}`
  if (['code', 'array', 'number', 'object shape', 'hidden'].includes(kind)) return `(${kind}) ${name.length > 40 ? '' : name}`
  return `${kind} ${name.slice(0, 60)}`
}

/** The last steps of the way from the roots to a node. */
function way(s, i, steps = 7) {
  const out = []
  for (let n = i; n > 0 && out.length < steps; n = s.parent[n]) out.unshift(`${s.by[n] < 0 ? '?' : '.' + s.edgeName(s.by[n])}→${label(s, n).slice(0, 28)}`)
  return out.join(' ')
}

function add(table, key, bytes, n = 1) {
  const row = table.get(key) ?? { n: 0, bytes: 0 }
  row.n += n
  row.bytes += bytes
  table.set(key, row)
}

function print(title, rows) {
  console.log(`\n${title}\n${'KiB'.padStart(9)} ${'count'.padStart(8)}`)
  for (const [key, r] of rows) console.log(`${kilo(r.bytes)} ${String(r.n).padStart(8)}  ${key}`)
}

const [, , one, two, most = '40'] = process.argv
if (!two) {
  console.error('heap: name two snapshots: node dev/heap.mjs FIRST.heapsnapshot LAST.heapsnapshot')
  process.exit(2)
}
const [a, b] = [read(one), read(two)]
const total = (s) => Array.from({ length: s.count }, (_, i) => s.bytes(i)).reduce((x, y) => x + y, 0)
console.log(`first ${kilo(total(a))} KiB in ${a.count} things, last ${kilo(total(b))} KiB in ${b.count}`)

const kinds = new Map()
for (const [s, sign] of [[a, -1], [b, 1]]) for (let i = 0; i < s.count; i++) add(kinds, label(s, i), sign * s.bytes(i), sign)
print('more of', [...kinds].sort((x, y) => y[1].bytes - x[1].bytes).slice(0, Number(most)))

const old = new Set(Array.from({ length: a.count }, (_, i) => a.id(i)))
const ways = new Map()
for (let i = 0; i < b.count; i++) if (!old.has(b.id(i))) add(ways, way(b, i), b.bytes(i))
print('new, by the way to it', [...ways].sort((x, y) => y[1].bytes - x[1].bytes).slice(0, Number(most)))
