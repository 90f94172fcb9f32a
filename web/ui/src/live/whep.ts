import { liveURL, problemOf, request, type LookParams } from '../api/client'
import type { Connection } from './connection'
import { abortable, signalEnd } from './connection'

// Nobody waits longer than this for candidates of a network card that is
// plugged in but answers nothing.
const gatherMs = 1500
const connectMs = 6000
// "disconnected" heals by itself when a few checks were lost; after this it
// does not.
const limpMs = 3000
const statsMs = 5000

/**
 * Opens a live view over WebRTC (WHEP, RFC 9725): one recvonly video, the
 * whole offer in one request, no trickle. Rejects with Problem when the server
 * refuses, with Error when no connection comes about.
 */
export async function openWhep(video: HTMLVideoElement, camera: string, look: LookParams, signal: AbortSignal): Promise<Connection> {
  const pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle' })
  const end = signalEnd()
  let location = ''
  let trip = 0
  const asking = setInterval(() => void roundTrip(pc).then((ms) => (trip = ms)), statsMs)
  const close = (gone?: boolean) => {
    clearInterval(asking)
    pc.ontrack = pc.onconnectionstatechange = null
    pc.close()
    video.srcObject = null
    // Nobody is told of a view that the service cannot know any more: the words
    // of 25 tiles would stand in the way of their asking anew.
    if (location && !gone) void request(location, { method: 'DELETE', keepalive: true }).catch(() => {})
    end.resolve('closed')
  }
  try {
    pc.addTransceiver('video', { direction: 'recvonly' })
    pc.ontrack = (e) => {
      // The smallest buffer the browser will do: a wall is watched live.
      if ('jitterBufferTarget' in e.receiver) e.receiver.jitterBufferTarget = 0
      video.srcObject = new MediaStream([e.track])
      void video.play().catch(() => {})
      e.track.onended = () => end.resolve('lost')
    }
    await pc.setLocalDescription(await pc.createOffer())
    await abortable(gathered(pc), signal)
    const res = await request(liveURL(camera, 'whep', look), {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp' },
      body: pc.localDescription!.sdp,
      signal,
      priority: 'high',
    })
    if (res.status !== 201) throw await problemOf(res)
    location = res.headers.get('Location') ?? ''
    await pc.setRemoteDescription({ type: 'answer', sdp: await res.text() })
    await abortable(connected(pc, end.resolve), signal)
    return {
      transport: 'webrtc',
      ticket: location.split('/').pop() ?? '',
      obligations: obligationsOf(res),
      ended: end.promise,
      media: (frame) => frame.rtpTimestamp,
      trip: () => trip,
      close,
    }
  } catch (err) {
    close()
    throw err
  }
}

/** The obligations the server says it carries out on the picture. */
export function obligationsOf(res: Response): string[] {
  return (res.headers.get('X-Shouwang-Obligations') ?? '').split(/[\s,]+/).filter(Boolean)
}

/** The round trip of the connection in use, ms. */
async function roundTrip(pc: RTCPeerConnection): Promise<number> {
  for (const s of (await pc.getStats()).values()) {
    if (s.type === 'candidate-pair' && s.nominated && typeof s.currentRoundTripTime === 'number') return s.currentRoundTripTime * 1000
  }
  return 0
}

function gathered(pc: RTCPeerConnection): Promise<void> {
  return new Promise((resolve) => {
    if (pc.iceGatheringState === 'complete') return resolve()
    const timer = setTimeout(resolve, gatherMs)
    pc.addEventListener('icegatheringstatechange', () => {
      if (pc.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      resolve()
    })
  })
}

function connected(pc: RTCPeerConnection, lost: (cause: 'lost') => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('webrtc: no connection')), connectMs)
    let limp: ReturnType<typeof setTimeout> | undefined
    pc.onconnectionstatechange = () => {
      clearTimeout(limp)
      switch (pc.connectionState) {
        case 'connected':
          clearTimeout(timer)
          return resolve()
        case 'disconnected':
          limp = setTimeout(() => lost('lost'), limpMs)
          return
        case 'failed':
        case 'closed':
          clearTimeout(timer)
          reject(new Error('webrtc: ' + pc.connectionState))
          lost('lost')
      }
    }
  })
}
