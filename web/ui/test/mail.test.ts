import { afterEach, expect, it, vi } from 'vitest'
import MailNotices from '../src/my/MailNotices.vue'
import { mount } from './mount'

const settled = () => new Promise((done) => setTimeout(done))
const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

/** A server that knows one person's mail. */
function serve(first: Record<string, unknown>) {
  let mine = first
  const asked: string[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push(`${init.method} ${path} ${(init.body as string | undefined) ?? ''}`.trim())
    if (path.endsWith('/address')) mine = { available: true, looks: 'daily', pending: 'li@home.example', until: '2026-11-28T08:30:00Z' }
    if (path.endsWith('/confirm')) {
      if (!(init.body as string).includes('12345678')) return answer(409, { code: 'conflict' })
      mine = { available: true, looks: 'daily', address: 'li@home.example' }
    }
    return answer(200, mine)
  })
  return asked
}

function type(root: HTMLElement, name: string, text: string) {
  const input = root.querySelector<HTMLInputElement>(`input[name=${name}]`)!
  input.value = text
  input.dispatchEvent(new Event('input'))
  input.form!.dispatchEvent(new Event('submit'))
  return settled()
}

afterEach(() => vi.unstubAllGlobals())

it('is not there where the township has no mail', async () => {
  serve({ available: false, looks: 'daily' })
  const root = mount(MailNotices, () => ({}))
  await settled()
  expect(root.querySelector('[data-mail]')).toBeNull()
})

it('asks for the code before anything goes to an address, and says what is wrong with one', async () => {
  const asked = serve({ available: true, looks: 'daily' })
  const root = mount(MailNotices, () => ({}))
  await settled()
  expect(root.querySelector('[data-question]')).toBeNull()
  await type(root, 'address', ' li@home.example ')
  expect(asked.at(-1)).toBe('PUT /api/my/mail/address {"address":"li@home.example"}')
  await type(root, 'code', '00000000')
  expect(root.querySelector('[role=alert]')).not.toBeNull()
  await type(root, 'code', '12345678')
  expect(root.querySelector('[role=alert]')).toBeNull()
  const once = root.querySelector<HTMLInputElement>('[data-question=looks-by] input[value=once]')!
  once.dispatchEvent(new Event('change'))
  await settled()
  expect(asked.at(-1)).toBe('PUT /api/my/mail/looks {"looks":"once"}')
})
