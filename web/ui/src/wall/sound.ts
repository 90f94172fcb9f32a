import { ref } from 'vue'

const stored = 'shouwang.wall.muted'

/** Whether this screen keeps quiet; a call for help is heard all the same unless muted here. */
export const muted = ref(localStorage.getItem(stored) === '1')
/** Whether the browser lets us sound at all: it does after the first key or click. */
export const silenced = ref(false)

let context: AudioContext | undefined

export function setMuted(on: boolean) {
  muted.value = on
  localStorage.setItem(stored, on ? '1' : '0')
}

function audio(): AudioContext | undefined {
  if (!('AudioContext' in window)) return undefined
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume().catch(() => {})
  silenced.value = context.state === 'suspended'
  return context
}

/** One tone: frequency in Hz, from a moment in seconds from now, for so many seconds. */
function tone(ctx: AudioContext, hz: number, from: number, lasts: number, loud: number) {
  const o = ctx.createOscillator()
  const g = ctx.createGain()
  const at = ctx.currentTime + from
  o.frequency.value = hz
  g.gain.setValueAtTime(0, at)
  g.gain.linearRampToValueAtTime(loud, at + 0.02)
  g.gain.exponentialRampToValueAtTime(0.001, at + lasts)
  o.connect(g).connect(ctx.destination)
  o.onended = () => g.disconnect()
  o.start(at)
  o.stop(at + lasts)
}

/** A short low chime: something happened. */
export function chime() {
  const ctx = muted.value ? undefined : audio()
  if (!ctx || ctx.state !== 'running') return
  tone(ctx, 660, 0, 0.25, 0.12)
}

/** A call for help: three rising tones, told apart from everything else in the room. */
export function alarm() {
  const ctx = muted.value ? undefined : audio()
  if (!ctx || ctx.state !== 'running') return
  for (const [i, hz] of [740, 932, 1175].entries()) tone(ctx, hz, i * 0.22, 0.3, 0.5)
}

/** Frees the sound card when the wall is left. */
export function hush() {
  void context?.close().catch(() => {})
  context = undefined
}
