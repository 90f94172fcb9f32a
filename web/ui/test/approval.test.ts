import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { evidence, type Approval, type CaseItem } from '../src/evidence/api'
import ApprovalCard from '../src/evidence/ApprovalCard.vue'
import AskApproval from '../src/evidence/AskApproval.vue'
import { i18n } from '../src/i18n'
import { session } from '../src/session'
import { mount } from './mount'

const approval: Approval = {
  id: 'ap-1', state: 'asked', action: 'export', form: 'original', camera: 'c-1', camera_name: '东入口', from: '2026-11-23T10:00:00Z', to: '2026-11-23T10:01:00Z',
  purpose: 'public_safety', reason: 'the bicycle', requester: { id: 'officer:wang', name: 'Wang' }, asked: '2026-11-23T11:00:00Z', expires: '2026-11-24T11:00:00Z',
  hours: 8, uses: 1, used: 0, decisions: [], may_answer: true,
}

afterEach(() => {
  vi.restoreAllMocks()
  session.me = undefined
})

describe('an approval of an export', () => {
  it('says in words which form would leave, in both languages', async () => {
    for (const [form, zh, en] of [['original', '原始录像', 'The original'], ['veiled', '打码副本', 'nobody can be recognised']] as const) {
      const card = mount(ApprovalCard, () => ({ a: { ...approval, form } }))
      for (const [language, words] of [['zh-CN', zh], ['en', en]] as const) {
        i18n.global.locale.value = language
        await nextTick()
        expect(card.querySelector(`[data-form=${form}]`)?.textContent).toContain(words)
      }
      card.remove()
    }
    const hold = mount(ApprovalCard, () => ({ a: { ...approval, action: 'place_hold', form: undefined } }))
    expect(hold.querySelector('[data-form]')).toBeNull()
  })

  it('is carried out in the form that was approved, which nobody chooses then', async () => {
    session.me = { principal: 'officer:wang' } as typeof session.me
    const made = vi.spyOn(evidence, 'export').mockResolvedValue({ url: '/x', expires: '2026-11-23T12:00:00Z' } as Awaited<ReturnType<typeof evidence.export>>)
    const card = mount(ApprovalCard, () => ({ a: { ...approval, state: 'given', may_answer: false } }))
    expect(card.querySelector('input[type=radio]')).toBeNull()
    card.querySelector('form')!.dispatchEvent(new Event('submit'))
    await vi.waitFor(() => expect(made).toHaveBeenCalledOnce())
    expect(made.mock.calls[0]![0]).toMatchObject({ form: 'original' })
  })
})

describe('asking for one', () => {
  const item = { id: 'i', kind: 'clip', camera: 'c-1', camera_name: '东入口', from: '2026-11-23T10:00:00Z', to: '2026-11-23T10:00:12Z' } as unknown as CaseItem
  it('asks for a veiled copy unless the original is chosen, and warns of a short clip', async () => {
    HTMLDialogElement.prototype.showModal ??= () => {}
    HTMLDialogElement.prototype.close ??= () => {}
    const ask = vi.spyOn(evidence, 'ask').mockResolvedValue({ ...approval, also_missing: [] })
    const page = mount(AskApproval, () => ({ kase: 'case-1', items: [item], only: 'export' }))
    const submit = async () => {
      page.querySelector('form')!.dispatchEvent(new Event('submit'))
      await nextTick()
    }
    const choose = async (form: string) => {
      const radio = page.querySelector<HTMLInputElement>(`input[value=${form}]`)!
      radio.checked = true
      radio.dispatchEvent(new Event('change'))
      await nextTick()
    }
    expect(page.querySelector('[data-short]')).not.toBeNull()
    await submit()
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1))
    expect(ask.mock.calls[0]![0]).toMatchObject({ action: 'export', form: 'veiled' })
    await choose('original')
    expect(page.querySelector('[data-short]')).toBeNull()
    await vi.waitFor(() => expect(page.querySelector<HTMLButtonElement>('.btn.main')).not.toBeNull())
    await submit()
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2))
    expect(ask.mock.calls[1]![0]).toMatchObject({ form: 'original' })
  })

  it('asks for several clips at once, and none twice where a later one fails', async () => {
    HTMLDialogElement.prototype.showModal ??= () => {}
    HTMLDialogElement.prototype.close ??= () => {}
    const ask = vi.spyOn(evidence, 'ask').mockResolvedValueOnce({ ...approval, also_missing: [] }).mockRejectedValueOnce(new Error('away')).mockResolvedValue({ ...approval, also_missing: [] })
    const closed = vi.fn()
    const page = mount(AskApproval, () => ({ kase: 'case-1', items: [item, { ...item, id: 'j', camera: 'c-2' }], onClose: closed }))
    const submit = () => page.querySelector('form')!.dispatchEvent(new Event('submit'))
    submit()
    await vi.waitFor(() => expect(page.querySelector('[role=alert]')).not.toBeNull())
    expect(closed).not.toHaveBeenCalled()
    submit()
    await vi.waitFor(() => expect(closed).toHaveBeenCalled())
    expect(ask.mock.calls.map(([b]) => b.camera)).toEqual(['c-1', 'c-2', 'c-2'])
  })
})
