import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../src/api/client'
import { stream } from '../src/api/stream'
import { signalEnd, type Connection } from '../src/live/connection'
import { Clocks } from '../src/live/clocks'
import { forgetTransport, LivePlayer } from '../src/live/player'

/** A video element whose decoder's counter the test turns. */
function fakeVideo() {
  const q = { totalVideoFrames: 0, droppedVideoFrames: 0 }
  const video = document.createElement('video')
  Object.assign(video, { getVideoPlaybackQuality: () => q })
  return {
    video, decode: () => q.totalVideoFrames++,
    /** A picture that was decoded and never painted. */
    drop: () => {
      q.totalVideoFrames++
      q.droppedVideoFrames++
    },
  }
}

function fakeConnection(transport: 'webrtc' | 'mse', ticket: string) {
  const end = signalEnd()
  const close = vi.fn(() => end.resolve('closed'))
  const c: Connection = { transport, ticket, obligations: ['mask'], ended: end.promise, media: () => undefined, trip: () => 0, close }
  return { c, close, lose: () => end.resolve('lost') }
}

const tick = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const tell = (topic: string, body: unknown) => (stream as unknown as { tell: (t: string, b: unknown) => void }).tell(topic, body)

describe('the live player', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('RTCPeerConnection', class {})
    forgetTransport()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
    Object.assign(stream.status, { everConnected: false, connected: false })
  })

  function make(whep: unknown, mse: unknown) {
    const { video, decode, drop } = fakeVideo()
    type Open = () => Promise<Connection>
    const parts = { whep: vi.fn(whep as Open), mse: vi.fn(mse as Open), random: () => 0.5, clocks: new Clocks(async () => ({ now: '', clocks: [] })) }
    return { p: new LivePlayer(video, 'c-1', parts), decode, drop, ...parts }
  }

  it('plays over WebRTC and is playing only once a picture was decoded', async () => {
    const w = fakeConnection('webrtc', 't-1')
    const { p, decode, mse } = make(async () => w.c, async () => { throw new Error('not asked') })
    p.start({ purpose: 'public_safety' })
    await tick(300)
    expect(p.state.phase).toBe('connecting')
    decode()
    await tick(300)
    expect(p.state).toMatchObject({ phase: 'playing', transport: 'webrtc', obligations: ['mask'] })
    expect(mse).not.toHaveBeenCalled()
    p.stop()
    expect(w.close).toHaveBeenCalled()
    expect(p.state.phase).toBe('idle')
  })

  it('uncovers a view whose pictures are decoded though none is painted under the cover, and covers one that is not painted on show', async () => {
    const w = fakeConnection('webrtc', 't-1')
    const { p, drop, decode, whep } = make(async () => w.c, async () => { throw new Error('not asked') })
    decode() // the first picture came before anybody counted
    p.start({})
    for (let i = 0; i < 2; i++) {
      await tick(250)
      drop()
    }
    expect(p.state.phase).toBe('playing')
    const shown = p.state.lastFrame
    for (let i = 0; i < 7; i++) {
      await tick(250)
      drop()
    }
    expect(p.state.lastFrame, 'not painted, so not live').toBe(shown)
    await tick(1000)
    drop()
    await tick(300)
    expect(p.state.lastFrame, 'covered again, and its pictures flow').toBeGreaterThan(shown)
    expect(whep).toHaveBeenCalledTimes(1)
    p.stop()
  })

  it('falls back to Media Source where WebRTC finds no way, and remembers', async () => {
    const m = fakeConnection('mse', 't-1')
    const { p, decode, whep, mse } = make(async () => { throw new Error('no connection') }, async () => m.c)
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    expect(p.state.transport).toBe('mse')
    m.lose()
    await tick(1000)
    expect(whep).toHaveBeenCalledTimes(1)
    expect(mse).toHaveBeenCalledTimes(2)
    p.stop()
  })

  it('falls back when WebRTC connects and no picture comes', async () => {
    const w = fakeConnection('webrtc', 't-1')
    const m = fakeConnection('mse', 't-2')
    const { p, decode } = make(async () => w.c, async () => m.c)
    p.start({})
    await tick(7600)
    expect(w.close).toHaveBeenCalled()
    await tick(600)
    decode()
    await tick(300)
    expect(p.state).toMatchObject({ phase: 'playing', transport: 'mse' })
    p.stop()
  })

  it('keeps to WebRTC where it once showed a picture, however long the service stumbles', async () => {
    const first = fakeConnection('webrtc', 't-1')
    const dark = fakeConnection('webrtc', 't-2')
    const back = fakeConnection('webrtc', 't-3')
    const answers: (() => Promise<Connection>)[] = [async () => first.c, async () => dark.c, async () => { throw new Error('no connection') }, async () => back.c]
    const full = async () => { throw new Problem(0, { code: 'connection_limit' }) }
    const { p, decode, whep, mse } = make(() => answers.shift()!(), full)
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    first.lose() // the service was killed
    await tick(1000)
    await tick(8000) // connected, and for seven seconds no picture
    await tick(3000)
    // Media Source would have held one of the browser's few connections meanwhile.
    expect(mse).not.toHaveBeenCalled()
    decode()
    await tick(300)
    expect(whep).toHaveBeenCalledTimes(4)
    expect(p.state).toMatchObject({ phase: 'playing', transport: 'webrtc' })
    p.stop()
  })

  it('tries Media Source after WebRTC, which once worked, failed three times in a row', async () => {
    const first = fakeConnection('webrtc', 't-1')
    const m = fakeConnection('mse', 't-2')
    let asked = 0
    const { p, decode, whep } = make(async () => {
      if (asked++ === 0) return first.c
      throw new Error('no connection')
    }, async () => m.c)
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    first.lose()
    await tick(4000)
    decode()
    await tick(300)
    expect(p.state).toMatchObject({ phase: 'playing', transport: 'mse' })
    expect(whep).toHaveBeenCalledTimes(4)
    p.stop()
  })

  it('asks nobody while the whole service is away, and at once and often when it is back', async () => {
    let up = false
    const { p, whep } = make(async () => { throw new Problem(up ? 503 : 0, { code: up ? 'camera_stalled' : 'unreachable' }) }, async () => { throw new Error('not asked') })
    Object.assign(stream.status, { everConnected: true, connected: false })
    p.start({})
    await tick(10_000)
    expect(whep).toHaveBeenCalledTimes(1)
    await tick(40_000)
    expect(whep.mock.calls.length, 'should the stream alone be broken').toBeGreaterThan(1)
    up = true
    Object.assign(stream.status, { connected: true })
    const before = whep.mock.calls.length
    tell('up', undefined)
    await tick(1)
    expect(whep).toHaveBeenCalledTimes(before + 1)
    await tick(1300) // its camera is not back yet: 0.4 and 0.8 s, not the four that were waited before
    expect(whep).toHaveBeenCalledTimes(before + 3)
    p.stop()
  })

  it('asks no more after a denial until it is started anew', async () => {
    const no = new Problem(403, { code: 'denied', reasons: ['outside_slot'], text: 'no' })
    const { p, whep, mse } = make(async () => { throw no }, async () => { throw no })
    p.start({})
    await tick(60_000)
    expect(p.state).toMatchObject({ phase: 'denied', problem: no })
    expect(whep).toHaveBeenCalledTimes(1)
    expect(mse).not.toHaveBeenCalled()
    p.start({})
    await tick(10)
    expect(whep).toHaveBeenCalledTimes(2)
    p.stop()
  })

  it('comes back within ten seconds of a server that was away for long', async () => {
    let up = false
    const w = fakeConnection('webrtc', 't-1')
    const { p, decode } = make(async () => {
      if (!up) throw new Problem(0, { code: 'unreachable' })
      return w.c
    }, async () => { throw new Error('not asked') })
    p.start({})
    await tick(10 * 60_000)
    expect(p.state).toMatchObject({ phase: 'retrying' })
    up = true
    await tick(5100)
    decode()
    await tick(300)
    expect(p.state.phase).toBe('playing')
    p.stop()
  })

  it('lets go of a view that stood still when the service is back, and of no other', async () => {
    const old = fakeConnection('webrtc', 't-1')
    const next = fakeConnection('webrtc', 't-2')
    const answers = [old.c, next.c]
    const { p, decode, whep } = make(async () => answers.shift()!, async () => { throw new Error('not asked') })
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    tell('up', undefined) // only the event stream had broken
    await tick(300)
    expect(old.close).not.toHaveBeenCalled()
    await tick(2000)
    tell('up', undefined)
    await tick(1000)
    expect(old.close).toHaveBeenCalledWith(true) // a service that is no more is told nothing
    expect(whep).toHaveBeenCalledTimes(2)
    p.stop()
  })

  it.each([['the event stream', 'up', undefined], ['the camera', 'camera', { camera: 'c-1', state: 'live' }]])('tries at once when %s is back', async (_, topic, body) => {
    const { p, whep } = make(async () => { throw new Problem(0, { code: 'unreachable' }) }, async () => { throw new Error('not asked') })
    p.start({})
    await tick(20_000)
    const before = whep.mock.calls.length
    tell('camera', { camera: 'c-2', state: 'live' })
    tell('camera', { camera: 'c-1', state: 'stalled' })
    await tick(1)
    expect(whep.mock.calls.length).toBe(before)
    tell(topic, body)
    await tick(1)
    expect(whep.mock.calls.length).toBe(before + 1)
    p.stop()
  })

  it('ends at once when the service ends the look, and says why', async () => {
    const w = fakeConnection('webrtc', 't-1')
    const { p, decode, whep } = make(async () => w.c, async () => { throw new Error('not asked') })
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    tell('ticket', { camera: 'c-1', ticket: 't-other', reason: 'consent_withdrawn' })
    expect(p.state.phase).toBe('playing')
    tell('ticket', { camera: 'c-1', ticket: 't-1', reason: 'consent_withdrawn' })
    expect(p.state).toMatchObject({ phase: 'ended', reason: 'consent_withdrawn', lastFrame: 0 })
    expect(w.close).toHaveBeenCalled()
    await tick(60_000)
    expect(whep).toHaveBeenCalledTimes(1)
    p.stop()
  })

  it('asks again when the look was only over in time', async () => {
    const list = [fakeConnection('webrtc', 't-1'), fakeConnection('webrtc', 't-2')]
    let i = 0
    const { p, decode, whep } = make(async () => list[i++]!.c, async () => { throw new Error('not asked') })
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    tell('ticket', { camera: 'c-1', ticket: 't-1', reason: 'ttl' })
    await tick(600)
    expect(whep).toHaveBeenCalledTimes(2)
    decode()
    await tick(300)
    expect(p.state.phase).toBe('playing')
    p.stop()
  })

  it('says that the access log cannot be written, covers the picture, and is back by itself when it can', async () => {
    const list = [fakeConnection('webrtc', 't-1'), fakeConnection('webrtc', 't-2')]
    let full = false
    let i = 0
    const { p, decode } = make(async () => {
      if (full) throw new Problem(503, { code: 'audit_unavailable' })
      return list[i++]!.c
    }, async () => { throw new Error('not asked') })
    p.start({})
    await tick(10)
    decode()
    await tick(300)
    full = true
    tell('ticket', { camera: 'c-1', ticket: 't-1', reason: 'audit_unavailable' })
    await tick(600)
    expect(p.state.phase).not.toBe('playing')
    expect(p.state.problem?.code).toBe('audit_unavailable')
    await tick(60_000)
    full = false
    await tick(6000)
    decode()
    await tick(300)
    expect(p.state.phase).toBe('playing')
    p.stop()
  })

  it('closes a connection that comes about after it was stopped', async () => {
    const w = fakeConnection('webrtc', 't-1')
    let open!: (c: Connection) => void
    const { p } = make(() => new Promise((r) => (open = r)), async () => { throw new Error('not asked') })
    p.start({})
    await tick(10)
    p.stop()
    open(w.c)
    await tick(10)
    expect(w.close).toHaveBeenCalled()
    expect(p.state.phase).toBe('idle')
  })
})
