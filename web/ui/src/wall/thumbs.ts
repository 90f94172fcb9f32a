import { shallowReactive } from 'vue'
import type { Event } from '../api/types'
import { clock } from '../i18n/time'

/**
 * Small pictures of events. Each is cut out of a live tile that is being looked
 * at: masked, blurred and logged as that look is, and never more than was on the
 * screen. It lives in this page's memory only, says who looked, and goes when
 * its look is taken away.
 */
const kept = shallowReactive(new Map<string, { camera: string; url: string; score: number }>())

const most = 150
const width = 240
const height = 135

/** The picture of an event, or '' when there is none. */
export function thumbOf(event: string): string {
  return kept.get(event)?.url ?? ''
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
  const had = kept.get(e.id)
  if ((had && had.score + 0.15 > e.score) || video.videoWidth === 0 || video.readyState < 2) return
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const g = canvas.getContext('2d')
  if (!g) return
  const c = cropFor(e.box as number[], video.videoWidth, video.videoHeight)
  g.drawImage(video, c.left, c.top, c.width, c.height, 0, 0, width, height)
  // The mark that is burned into the whole picture may lie outside of the crop.
  g.font = '11px monospace'
  g.fillStyle = 'rgb(255 255 255 / 75%)'
  g.fillText(`${who} ${clock(Date.now())}`, 4, height - 5)
  kept.delete(e.id)
  kept.set(e.id, { camera: e.camera, url: canvas.toDataURL('image/jpeg', 0.7), score: e.score })
  for (const id of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(id)
  }
}

/** Forgets the pictures of a camera that may not be looked at any more, of all without one. */
export function dropThumbs(camera?: string) {
  for (const [id, t] of kept) if (!camera || t.camera === camera) kept.delete(id)
}

/** How many pictures are kept; for tests. */
export function countThumbs(): number {
  return kept.size
}
