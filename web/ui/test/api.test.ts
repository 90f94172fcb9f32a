import { afterEach, describe, expect, it, vi } from 'vitest'
import { api, clipURL, liveURL, Problem, query, request, setApiLanguage, whenSignedOut } from '../src/api/client'
import { EventStream, SseParser } from '../src/api/stream'
import { setLanguage } from '../src/i18n'
import { explain } from '../src/ui/explain'

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
  whenSignedOut(() => {})
})

describe('server-sent events', () => {
  const text = 'event: event\nid: 7\ndata: {"a":1}\n\n: heartbeat\n\nevent: ticket\r\nid: 8\r\ndata: x\r\ndata: y\r\n\r\nid: 9\n\ndata:z\n\n'
  const want = [
    { id: '7', event: 'event', data: '{"a":1}' },
    { id: '8', event: 'ticket', data: 'x\ny' },
    { id: '9', event: 'message', data: 'z' },
  ]
  it.each([1, 2, 3, 7, 1000])('are the same in pieces of %d', (n) => {
    const p = new SseParser()
    const out = []
    for (let i = 0; i < text.length; i += n) out.push(...p.push(text.slice(i, i + n)))
    expect(out).toEqual(want)
  })

  it('go on after the last id, and reconnect when the stream breaks', async () => {
    vi.useFakeTimers()
    const asked: (string | null)[] = []
    vi.stubGlobal('fetch', vi.fn(async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('Last-Event-ID'))
      return new Response(`event: event\nid: m-${asked.length}\ndata: {"id":"e"}\n\n`)
    }))
    const s = new EventStream()
    const got: unknown[] = []
    s.on('event', (b) => got.push(b))
    s.start()
    await vi.advanceTimersByTimeAsync(2000)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked[0]).toBeNull()
    expect(asked[1]).toBe('m-1')
    expect(got).toContainEqual({ id: 'e' })
    s.stop()
    const n = asked.length
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked.length).toBe(n)
  })

  it('are taken for dead after 25 s of silence', async () => {
    vi.useFakeTimers()
    let calls = 0
    vi.stubGlobal('fetch', vi.fn(async (_: string, init: RequestInit) => {
      calls++
      const body = new ReadableStream({ start: (c) => init.signal!.addEventListener('abort', () => c.error(new Error('aborted'))) })
      return new Response(body)
    }))
    const s = new EventStream()
    s.start()
    await vi.advanceTimersByTimeAsync(24_000)
    expect(calls).toBe(1)
    expect(s.status.connected).toBe(true)
    await vi.advanceTimersByTimeAsync(3000)
    expect(calls).toBe(2)
    s.stop()
  })
})

describe('requests', () => {
  it('tell the language and throw what the server said', async () => {
    const f = vi.fn(async () => answer(403, { code: 'denied', reasons: ['no_case'], text: 'name a case' }))
    vi.stubGlobal('fetch', f)
    setApiLanguage('en')
    const err = await request('/api/x').catch((e: unknown) => e)
    expect(err).toBeInstanceOf(Problem)
    expect(err).toMatchObject({ status: 403, code: 'denied', reasons: ['no_case'], text: 'name a case' })
    expect((f.mock.calls as unknown as [string, RequestInit][])[0]![1].headers).toSatisfy((h: Headers) => h.get('Accept-Language') === 'en')
  })

  it('survive answers that are no problem documents, and no answer', async () => {
    vi.stubGlobal('fetch', async () => answer(502, '<html>bad gateway</html>'))
    expect(await request('/api/x').catch((e: unknown) => e)).toMatchObject({ status: 502, code: 'http_502' })
    vi.stubGlobal('fetch', async () => { throw new TypeError('network') })
    expect(await request('/api/x').catch((e: unknown) => e)).toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('say when the session has ended, but not for a wrong password', async () => {
    const out = vi.fn()
    whenSignedOut(out)
    vi.stubGlobal('fetch', async () => answer(401, { code: 'unauthenticated' }))
    await api.signIn('a', 'b').catch(() => {})
    expect(out).not.toHaveBeenCalled()
    await api.cameras().catch(() => {})
    expect(out).toHaveBeenCalledOnce()
  })

  it('take null for an empty list', async () => {
    vi.stubGlobal('fetch', async () => answer(200, { cameras: null, events: null }))
    expect(await api.cameras()).toEqual([])
    expect(await api.events()).toEqual([])
  })

  it('escape what goes into an address', () => {
    expect(clipURL('a/../b', { purpose: 'public_safety', case: 'c&d' })).toBe('/api/clips/a%2F..%2Fb/media.mp4?purpose=public_safety&case=c%26d')
    expect(liveURL('x', 'mse', { purpose: 'own' })).toBe('/api/cameras/x/live.mp4?purpose=own&transport=mse')
    expect(query({ a: '', b: undefined, c: 0 })).toBe('?c=0')
  })
})

describe('explaining', () => {
  it('prefers the server\'s words, then the reason, then the code', () => {
    setLanguage('en')
    expect(explain(new Problem(403, { code: 'denied', text: 'said', reasons: ['no_case'] }))).toBe('said')
    expect(explain(new Problem(403, { code: 'denied', reasons: ['no_case'] }))).toBe('Name a case of yours.')
    expect(explain(new Problem(503, { code: 'storage_unavailable' }))).toMatch(/cannot be reached just now/)
    expect(explain(new Problem(418, { code: 'teapot' }))).toMatch(/teapot/)
    expect(explain(new Problem(429, { code: 'rate_limited' }, 90))).toMatch(/Wait 1 min/)
    expect(explain(new Error('x'))).toMatch(/Something went wrong/)
  })
})
