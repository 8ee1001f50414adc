import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { useSyncStore } from '@/stores/sync'

beforeEach(() => setActivePinia(createPinia()))

describe('a tap before the engine is there', () => {
  it('waits for it, and is done once', async () => {
    const store = useSyncStore()
    const compared = store.syncNow().then(() => store.closeDays())
    const sync = vi.fn(() => Promise.resolve())
    const closeDays = vi.fn(() => Promise.resolve())
    store.attach({ sync, poke: () => undefined, closeDays })
    await compared
    expect(sync).toHaveBeenCalledExactlyOnceWith({ force: true, pull: 'always' })
    expect(closeDays).toHaveBeenCalledOnce()
  })
})
