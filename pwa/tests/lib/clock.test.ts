import { describe, expect, it } from 'vitest'

import { addDays, businessDay, businessHour, clockParts, dayOfRaw, daysBetween, hourMinute, learnServerTime, now, setServerOffset, spanParts } from '@/lib/clock'

describe('business days', () => {
  it('turn at midnight in Shanghai, whatever the phone is set to', () => {
    expect(businessDay(new Date('2026-11-21T15:59:59Z'))).toBe('2026-11-21')
    expect(businessDay(new Date('2026-11-21T16:00:00Z'))).toBe('2026-11-22')
  })

  it('count over months and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
    expect(daysBetween('2026-02-27', '2026-03-02')).toBe(3)
  })

  it('of a record are corrected by the known offset', () => {
    setServerOffset(-2 * 86_400_000)
    expect(dayOfRaw('2026-11-24T02:00:00Z')).toBe('2026-11-22')
  })
})

describe('server time', () => {
  it('moves now, and nonsense does not', () => {
    learnServerTime(new Date(Date.now() + 3600_000).toISOString())
    expect(now().getTime() - Date.now()).toBeGreaterThan(3_590_000)
    learnServerTime('not a time')
    learnServerTime(undefined)
    expect(now().getTime() - Date.now()).toBeGreaterThan(3_590_000)
  })
})

describe('words of time', () => {
  it('are those of Shanghai', () => {
    const at = new Date('2026-11-22T23:05:00Z')
    expect(clockParts(at)).toMatchObject({ day: '2026-11-23', month: 11, date: 23, weekday: 1, hour: 7, minute: 5 })
    expect(hourMinute(at)).toBe('7:05')
    expect(businessHour(at)).toBe(7)
  })

  it('split a span, also one that is over', () => {
    expect(spanParts(2 * 3600_000 + 61_000)).toEqual({ overdue: false, days: 0, hours: 2, minutes: 1, seconds: 1 })
    expect(spanParts(-1000).overdue).toBe(true)
  })
})
