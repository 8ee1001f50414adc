import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { OutboxRow } from '@/db/schema'
import { useSyncStore } from '@/stores/sync'
import { FLUSH_AT_MOST_MS, useUpdateStore } from '@/stores/update'

let order: string[]
beforeEach(() => {
  setActivePinia(createPinia())
  vi.useFakeTimers()
  order = []
})
afterEach(() => vi.useRealTimers())

function waiting(sync: () => Promise<void>): ReturnType<typeof useUpdateStore> {
  const store = useSyncStore()
  store.setRows([{ id: 'a', state: 'waiting' } as OutboxRow])
  store.attach({ sync, poke: () => undefined, closeDays: () => Promise.resolve() })
  const update = useUpdateStore()
  update.offer(() => order.push('activated'))
  return update
}

describe('an update', () => {
  it('lets the queue go first', async () => {
    let sent: () => void = () => undefined
    const update = waiting(() => new Promise((resolve) => (sent = () => resolve(void order.push('sent')))))
    const applied = update.apply()
    await vi.advanceTimersByTimeAsync(1000)
    expect(order).toEqual([])
    sent()
    await applied
    expect(order).toEqual(['sent', 'activated'])
  })

  it('does not wait for ever, and not for a queue that cannot go', async () => {
    const slow = waiting(() => new Promise(() => undefined)).apply()
    await vi.advanceTimersByTimeAsync(FLUSH_AT_MOST_MS)
    await slow
    expect(order).toEqual(['activated'])
    setActivePinia(createPinia())
    await waiting(() => Promise.reject(new Error('no'))).apply()
    expect(order).toEqual(['activated', 'activated'])
  })

  it('is applied once however often it is tapped', async () => {
    const update = waiting(() => Promise.resolve())
    await Promise.all([update.apply(), update.apply()])
    expect(order).toEqual(['activated'])
  })

  it('can be looked for', async () => {
    const update = useUpdateStore()
    const look = vi.fn(() => Promise.reject(new Error('offline')))
    update.canLook(look)
    await update.look()
    expect(look).toHaveBeenCalledOnce()
  })
})
