import { describe, expect, it } from 'vitest'
import { gapMarks, wallTime } from '../src/clips/bar'
import { isRun, summarise, tomorrowMorning } from '../src/my/week/hours'
import { concerned, sharingKind } from '../src/my/sharing'
import { clip as makeClip, mine, now as instant } from './make'

const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const hours = (days: string[], from: number, to: number) => days.flatMap((d) => Array.from({ length: to - from }, (_, i) => `${d}-${String(from + i).padStart(2, '0')}`))
const now = new Date(instant)

describe('the week in few lines', () => {
  it('joins days with the same hours', () => {
    expect(summarise(hours(week, 6, 23))).toEqual([{ days: week, stretches: [[6, 23]] }])
    expect(summarise([...hours(week.slice(0, 5), 20, 24), ...hours(['sat'], 0, 24), ...hours(['mon'], 6, 8)])).toEqual([
      { days: ['mon'], stretches: [[6, 8], [20, 24]] },
      { days: ['tue', 'wed', 'thu', 'fri'], stretches: [[20, 24]] },
      { days: ['sat'], stretches: [[0, 24]] },
    ])
  })
  it('takes nothing and nonsense for nothing', () => {
    expect(summarise([])).toEqual([])
    expect(summarise(['xyz-99', '', 'mon-77'])).toEqual([])
  })
  it('knows a run of days', () => {
    expect(isRun(['mon', 'tue', 'wed'])).toBe(true)
    expect(isRun(['mon', 'wed', 'fri'])).toBe(false)
    expect(isRun(['mon', 'tue'])).toBe(false)
  })
  it('knows tomorrow, also at the end of a month', () => {
    expect(tomorrowMorning(new Date(2026, 11, 31, 23, 59))).toEqual(new Date(2027, 0, 1, 8))
  })
})

describe('whether a camera is shared', () => {
  it.each([
    ['sharing', [{ state: 'given' }], ''],
    ['sharing', [{ state: 'renewed' }], ''],
    ['resting', [{ state: 'given' }], 'outside_slot'],
    ['paused', [{ state: 'paused', pause_until: '2026-11-23T11:00:00Z' }], ''],
    ['paused', [{ state: 'given', pause_until: '2026-11-23T11:00:00Z' }], ''],
    ['sharing', [{ state: 'given', pause_until: '2026-11-23T09:00:00Z' }], ''],
    ['stopped', [{ state: 'withdrawn' }], ''],
    ['stopped', [{ state: 'expired' }], ''],
    ['asked', [{ state: 'requested' }], ''],
    ['never', [], ''],
    // Any purpose that is still shared means: it is shared.
    ['sharing', [{ state: 'withdrawn' }, { state: 'given' }], ''],
  ] as const)('%s: %j', (kind, consents, reason) => {
    expect(sharingKind(mine(consents, reason), now)).toBe(kind)
  })

  it('is not where its view waits for signatures, or was turned', () => {
    const shared = mine([{ state: 'given' }], '')
    const of = (over: object) => sharingKind({ ...shared, camera: { ...shared.camera, ...over } }, now)
    expect(of({ view_waiting: true, quarantined: true })).toBe('waiting')
    expect(of({ quarantined: true })).toBe('turned')
    expect(of({})).toBe('sharing')
  })
  it('withdraws all that is shared or paused, and gives only the rest', () => {
    const m = mine([{ state: 'given' }, { state: 'paused', pause_until: '2026-11-23T11:00:00Z' }, { state: 'withdrawn' }])
    const ids = (a: 'pause' | 'resume' | 'withdraw' | 'give') => concerned(m, a, now.getTime()).map((c) => c.id)
    expect(ids('withdraw')).toEqual(['c-0', 'c-1'])
    expect(ids('pause')).toEqual(['c-0'])
    expect(ids('resume')).toEqual(['c-1'])
    expect(ids('give')).toEqual(['c-2'])
  })
})

describe('the bar of a clip', () => {
  const gap = (from: string, to: string, cause: string) => ({ from, to, cause, camera: 'c-1', noted: to })
  const clip = makeClip({ gaps: [
    gap('2026-11-23T10:00:05Z', '2026-11-23T10:00:10Z', 'packet_loss'),
    gap('2026-11-23T09:59:00Z', '2026-11-23T10:00:01Z', 'camera_offline'),
  ] })
  it('puts gaps where they were, cut at the ends', () => {
    expect(gapMarks(clip).map((g) => [g.left, g.width])).toEqual([[25, 25], [0, 5]])
    expect(gapMarks({ ...clip, to: clip.from })).toEqual([])
  })
  it('tells the time of day', () => {
    expect(wallTime(clip, 1.5)).toBe(Date.parse('2026-11-23T10:00:01.500Z'))
  })
})
