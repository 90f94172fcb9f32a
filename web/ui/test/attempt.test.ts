import { expect, test } from 'vitest'
import { useAttempt } from '../src/ui/attempt'

test('an act is busy while it runs, its failure stands until the next, and nothing is thrown', async () => {
  const { busy, error, attempt } = useAttempt()
  const fault = new Error('no')
  let fail = () => {}
  const first = attempt(() => new Promise((_, no) => (fail = () => no(fault))))
  expect([busy.value, error.value]).toEqual([true, undefined])
  fail()
  await first
  expect([busy.value, error.value]).toEqual([false, fault])
  await attempt(async () => expect(error.value).toBeUndefined())
  expect([busy.value, error.value]).toEqual([false, undefined])
})
