import { describe, expect, it } from 'vitest'

import { ApiError, NoAnswerError } from '@/api/client'
import { judgeFailure, settleBatch, settleItem } from '@/sync/verdicts'

describe('a verdict', () => {
  it.each(['created', 'duplicate'] as const)('%s is done', (verdict) => {
    expect(settleItem('a', { id: 'a', verdict })).toMatchObject({ id: 'a', state: 'confirmed', verdict })
  })

  it.each(['conflict', 'rejected'] as const)('%s goes to the worker with its reason', (verdict) => {
    const settled = settleItem('a', { id: 'a', verdict, code: 'unknown_household', field: 'household', message: '找不到这户' })
    expect(settled).toMatchObject({ state: 'needs-you', code: 'unknown_household', field: 'household', message: '找不到这户' })
  })

  it('that is missing or unknown keeps the record waiting', () => {
    expect(settleItem('a', undefined)).toEqual({ id: 'a', state: 'waiting' })
    expect(settleItem('a', { id: 'a', verdict: 'perhaps' as never })).toEqual({ id: 'a', state: 'waiting' })
  })

  it('is found by id, not by place', () => {
    const settled = settleBatch(['a', 'b'], [{ id: 'b', verdict: 'rejected', code: 'bad_field' }, { id: 'zz', verdict: 'created' }, { id: 'a', verdict: 'created' }])
    expect(settled.map((each) => each.state)).toEqual(['confirmed', 'needs-you'])
  })
})

describe('no verdict', () => {
  it.each([
    [new ApiError(401, 'not_signed_in', ''), 'pause'],
    [new ApiError(413, 'too_large', ''), 'halve'],
    [new ApiError(429, 'too_many_requests', '', undefined, undefined, 9000), 'later'],
    [new ApiError(500, 'internal', ''), 'later'],
    [new ApiError(503, 'unavailable', ''), 'later'],
    [new ApiError(403, 'device_revoked', '设备已停用'), 'later'],
    [new NoAnswerError('offline'), 'later'],
    [new NoAnswerError('not_ours', 200), 'later'],
    [new NoAnswerError('not_ours', 413), 'halve'],
  ])('%s → %s', (error, action) => {
    expect(judgeFailure(error).action).toBe(action)
  })

  it('keeps the server’s wait and words', () => {
    expect(judgeFailure(new ApiError(429, 'x', '', undefined, undefined, 9000))).toMatchObject({ afterMs: 9000, problem: 'busy' })
    expect(judgeFailure(new ApiError(403, 'forbidden', '职责不包含'))).toMatchObject({ problem: 'refused', message: '职责不包含' })
    expect(judgeFailure(new ApiError(403, 'device_revoked', '设备已停用'))).toMatchObject({ problem: 'revoked' })
  })

  it('looks for a culprit only after a 500', () => {
    expect(judgeFailure(new ApiError(500, 'internal', ''))).toMatchObject({ isolate: true })
    expect(judgeFailure(new ApiError(503, 'unavailable', ''))).toMatchObject({ isolate: false })
  })

  it('does not swallow a fault of our own', () => {
    expect(() => judgeFailure(new TypeError('ours'))).toThrow(TypeError)
  })
})
