/** What is written on the map, from what must be read to what may be left out. */
const urgency = ['call', 'incident', 'event', 'chosen', 'shown', 'camera', 'place']

type Box = { left: number; right: number; top: number; bottom: number }
const meets = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

/** Keeps marks from lying over one another: a camera's name goes to the left of its dot where the right is taken, and away where both are. Half a name at the frame's edge is none. */
export function untangle(nodes: readonly HTMLElement[], frame: Box) {
  const rank = (n: HTMLElement) => urgency.findIndex((u) => n.classList.contains(u))
  const taken: Box[] = []
  const lost = (b: Box) => taken.some((t) => meets(t, b)) || b.left < frame.left || b.right > frame.right
  for (const node of [...nodes].sort((a, b) => rank(a) - rank(b))) {
    node.classList.remove('left', 'bare')
    let box = node.getBoundingClientRect()
    if (!node.classList.contains('camera')) {
      taken.push(box)
      continue
    }
    if (lost(box)) {
      node.classList.add('left')
      box = node.getBoundingClientRect()
    }
    if (lost(box)) {
      node.classList.replace('left', 'bare')
      continue
    }
    taken.push(box)
  }
}
