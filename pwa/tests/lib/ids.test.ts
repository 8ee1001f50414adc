import { describe, expect, it } from 'vitest'

import { isUuid, newDeviceId, newId } from '@/lib/ids'

describe('ids', () => {
  it('makes version 7 with the time in front', () => {
    const id = newId(0x0190aabbccdd)
    expect(id).toMatch(/^0190aabb-ccdd-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(isUuid(id)).toBe(true)
  })

  it('sorts by time', () => {
    expect(newId(1_000_000_000_000) < newId(1_000_000_000_001)).toBe(true)
  })

  it('never repeats', () => {
    expect(new Set(Array.from({ length: 5000 }, () => newId(1))).size).toBe(5000)
  })

  it('makes version 4 for devices', () => {
    expect(newDeviceId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/)
  })

  it('tells a UUID from other text', () => {
    expect(isUuid('nonsense')).toBe(false)
    expect(isUuid(7)).toBe(false)
  })
})
