import { describe, expect, it } from 'vitest'

import { BACKOFF_CAP_MS, backoffDelay } from '@/lib/backoff'
import { maskName } from '@/lib/mask'
import { monitoringProgress, sessionAt, underMonitoring } from '@/lib/monitoring'
import { isPhone, normalisePhone } from '@/lib/phone'
import { indexRows, searchRows } from '@/lib/search'
import { parseTemperature } from '@/lib/temperature'
import { doorWord, groupDoors, walkingOrder } from '@/lib/walking'

describe('phone numbers', () => {
  it('are mobiles or landlines with area code', () => {
    for (const good of ['13912345678', '+86 139-1234-5678', '0435 3212345', '１３９１２３４５６７８']) expect(isPhone(good), good).toBe(true)
    for (const bad of ['', '1391234567', '23912345678', 'abc', '3212345']) expect(isPhone(bad), bad).toBe(false)
    expect(normalisePhone('+86 139 1234 5678')).toBe('13912345678')
  })
})

describe('temperature as typed', () => {
  it('forgives a missing point and a comma', () => {
    expect(parseTemperature('366')).toBe(36.6)
    expect(parseTemperature('36,6')).toBe(36.6)
    expect(parseTemperature('37。3')).toBe(37.3)
    expect(parseTemperature('')).toBeNull()
  })

  it('refuses what no body has', () => {
    for (const bad of ['34.9', '42.6', '99', 'x', '3']) expect(parseTemperature(bad), bad).toBeNaN()
  })
})

describe('backoff', () => {
  it('grows, is jittered and capped', () => {
    expect(backoffDelay(0, () => 0)).toBe(1000)
    expect(backoffDelay(0, () => 1)).toBe(2000)
    expect(backoffDelay(3, () => 1)).toBe(16_000)
    expect(backoffDelay(50, () => 1)).toBe(BACKOFF_CAP_MS)
  })
})

describe('monitoring', () => {
  const row = { monitor_from: '2026-11-10', monitor_to: '2026-11-23', state: 'present' as const }
  it('is inclusive on both ends', () => {
    expect(underMonitoring(row, '2026-11-10')).toBe(true)
    expect(underMonitoring(row, '2026-11-23')).toBe(true)
    expect(underMonitoring(row, '2026-11-24')).toBe(false)
    expect(underMonitoring({ ...row, state: 'left' }, '2026-11-12')).toBe(false)
  })
  it('counts days from one', () => {
    expect(monitoringProgress(row, '2026-11-10')).toEqual({ day: 1, of: 14 })
    expect(monitoringProgress(row, '2026-11-23')).toEqual({ day: 14, of: 14 })
  })
  it('turns to the evening at noon', () => {
    expect(sessionAt(11)).toBe('morning')
    expect(sessionAt(12)).toBe('evening')
  })
})

describe('walking order', () => {
  const door = (id: string, building: string, unit: string, number: string, sort: string) => ({ id, region: 'r', building, unit, door: number, address: '', sort })
  it('follows the server, and groups neighbours', () => {
    const rows = [door('c', '2', '1', '101', '2'), door('a', '1', '1', '101', '1'), door('b', '1', '1', '1001', '1')]
    const groups = groupDoors(walkingOrder(rows))
    expect(groups.map((group) => group.rows.map((row) => row.id))).toEqual([['a', 'b'], ['c']])
  })
  it('goes through one cell after the other, though both have a first building', () => {
    const rows = [door('101', '1', '1', '101', '1'), { ...door('302', '1', '1', '302', '2'), region: 's' }, door('501', '1', '1', '501', '3')]
    const groups = groupDoors(walkingOrder(rows))
    expect(groups.map((group) => group.rows.map((row) => row.id))).toEqual([['101', '501'], ['302']])
  })
  it('finds a word for a door without number', () => {
    expect(doorWord({ door: '', address: '松河村三社12号' })).toBe('12号')
    expect(doorWord({ door: '501', address: 'x' })).toBe('501')
    expect(doorWord({ door: '', address: '村东头老槐树旁' })).toBe('老槐树旁')
  })
})

describe('search', () => {
  it('wants every word, in any order, in 5,000 rows at once', () => {
    const index = indexRows(Array.from({ length: 5000 }, (_, i) => ({ id: i, text: `${i % 20}幢 ${i % 4}单元 ${i} 张*` })), (row) => row.text)
    const started = performance.now()
    expect(searchRows(index, '张 1幢 4321').map((row) => row.id)).toEqual([4321])
    expect(performance.now() - started).toBeLessThan(50)
    expect(searchRows(index, '  ').length).toBe(5000)
  })
})

describe('mask', () => {
  it('keeps the first character, whatever script', () => {
    expect(maskName('张三丰')).toBe('张*')
    expect(maskName('𠮷田')).toBe('𠮷*')
    expect(maskName('  ')).toBe('')
  })
})
