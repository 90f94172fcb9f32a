import { shallowRef, triggerRef } from 'vue'
import type { Event } from '../api/types'
import { clock } from '../i18n/time'

/**
 * Small pictures of events. Each is cut out of a live tile that is being looked
 * at: masked, blurred and logged as that look is, and never more than was on the
 * screen. It lives in this page's memory only, says who looked, and goes when
 * its look is taken away or its event leaves the feed. They are blobs: as data:
 * addresses they lay in the page's heap, and a wall's first hours filled it.
 */
const kept = shallowRef(new Map<string, { camera: string; url: string; score: number }>())
// One thing to watch for all of them: of a reactive map Vue keeps what it noted of
// a key that a computed value asked for, for ever (3.5), and each event is a key.
/** Pictures that are being made, by event; one whose look ended meanwhile is not here any more when it is done. */
const making = new Map<string, { camera: string; score: number }>()

const most = 100
const width = 240
const height = 135
let canvas: HTMLCanvasElement | undefined

/** The picture of an event, or '' when there is none. */
export function thumbOf(event: string): string {
  return kept.value.get(event)?.url ?? ''
}

function forget(event: string) {
  making.delete(event)
  const t = kept.value.get(event)
  if (!t) return
  URL.revokeObjectURL(t.url)
  kept.value.delete(event)
  triggerRef(kept)
}

/** The part of a picture to show for a box: 16:9, with what is around it. */
export function cropFor(box: readonly number[] | null | undefined, vw: number, vh: number) {
  const [x, y, w, h] = box && box.length === 4 && box[2]! > 0 && box[3]! > 0 ? (box as [number, number, number, number]) : [0, 0, 1, 1]
  const cw = Math.min(vw, Math.max(w * vw * 1.6, (h * vh * 1.6 * 16) / 9, vw * 0.3))
  const ch = Math.min(vh, (cw * 9) / 16)
  const left = Math.min(Math.max(0, (x + w / 2) * vw - cw / 2), vw - cw)
  const top = Math.min(Math.max(0, (y + h / 2) * vh - ch / 2), vh - ch)
  return { left, top, width: cw, height: ch }
}

/** Cuts the event's picture out of a video that shows it now; once an event, and again when it became surer. */
export function takeThumb(video: HTMLVideoElement, e: Event, who: string) {
  const had = making.get(e.id) ?? kept.value.get(e.id)
  if ((had && had.score + 0.15 > e.score) || video.videoWidth === 0 || video.readyState < 2) return
  canvas ??= Object.assign(document.createElement('canvas'), { width, height })
  const g = canvas.getContext('2d')
  if (!g) return
  const c = cropFor(e.box as number[], video.videoWidth, video.videoHeight)
  g.drawImage(video, c.left, c.top, c.width, c.height, 0, 0, width, height)
  // The mark that is burned into the whole picture may lie outside of the crop.
  g.font = '11px monospace'
  g.fillStyle = 'rgb(255 255 255 / 75%)'
  g.fillText(`${who} ${clock(Date.now())}`, 4, height - 5)
  const made = { camera: e.camera, score: e.score }
  making.set(e.id, made)
  canvas.toBlob((blob) => {
    if (making.get(e.id) !== made) return
    forget(e.id)
    if (!blob) return
    kept.value.set(e.id, { ...made, url: URL.createObjectURL(blob) })
    triggerRef(kept)
    const oldest = kept.value.keys().next().value
    if (kept.value.size > most && oldest !== undefined) forget(oldest)
  }, 'image/jpeg', 0.7)
}

/** Forgets the pictures of a camera that may not be looked at any more, of all without one. */
export function dropThumbs(camera?: string) {
  for (const list of [kept.value, making]) for (const [id, t] of list) if (!camera || t.camera === camera) forget(id)
}

/** Forgets the pictures of events that nobody lists any more. */
export function keepThumbsOf(events: readonly Event[]) {
  const listed = new Set(events.map((e) => e.id))
  for (const list of [kept.value, making]) for (const id of list.keys()) if (!listed.has(id)) forget(id)
}

/** How many pictures are kept or being made; for tests. */
export function countThumbs(): number {
  return kept.value.size + making.size
}
