/** Why a live view stopped by itself: the connection broke or we closed it. */
export type EndCause = 'lost' | 'closed'

/** One running live view in a video element. */
export interface Connection {
  transport: 'webrtc' | 'mse'
  /** The server's name for this look; it ends looks by this name. */
  ticket: string
  obligations: string[]
  ended: Promise<EndCause>
  /** The picture's time stamp in 90 kHz ticks, as the service counts them. */
  media: (frame: VideoFrameCallbackMetadata) => number | undefined
  /** Round trip to the service in ms, 0 while unknown. */
  trip: () => number
  /** Ends the view. gone says that the service that gave it is no more, and need not be told. */
  close: (gone?: boolean) => void
}

/** A promise with its resolver. */
export function signalEnd() {
  let resolve!: (cause: EndCause) => void
  const promise = new Promise<EndCause>((r) => (resolve = r))
  return { promise, resolve }
}

/** Rejects as soon as the signal aborts, else follows p. */
export function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new DOMException('aborted', 'AbortError'))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    p.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
