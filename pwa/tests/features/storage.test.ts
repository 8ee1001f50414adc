import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import * as dialog from '@/components/say'
import { useFull } from '@/components/useFull'
import { dropCache } from '@/db/cache'
import { SaveFailedError } from '@/db/outbox'
import StorageCard from '@/features/me/StorageCard.vue'
import { askToPersistAt, freeReserve, keepReserve } from '@/lib/storage'
import { useRecorderStore } from '@/stores/recorder'

import { visit } from '../helpers'
import { household, test, until, world, type World } from '../mount'

let here: World
let persisted: boolean
const persist = vi.fn(() => Promise.resolve(persisted))

function quota(share: number): void {
  const storage = { estimate: () => Promise.resolve({ usage: share * 1e8, quota: 1e8 }), persisted: () => Promise.resolve(persisted), persist }
  Object.defineProperty(navigator, 'storage', { value: storage, configurable: true })
}

beforeEach(async () => {
  persisted = false
  persist.mockClear()
  quota(0.1)
  here = await world('/me/sync')
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  await here.db.delete()
})

describe('the gauge', () => {
  it.each([
    [0.5, 'fine'],
    [0.8, 'soon'],
    [0.985, 'full'],
  ])('at %f of the quota is %s', async (share, level) => {
    quota(share)
    const card = here.show(StorageCard)
    await until(() => test(card, 'storage-meter').exists())
    expect(test(card, 'storage').attributes('data-level')).toBe(level)
    expect(test(card, 'storage-warning').exists()).toBe(level !== 'fine')
    expect(test(card, 'clear-cache').exists()).toBe(level !== 'fine')
    card.unmount()
  })

  it('names no limit where the browser makes one up', async () => {
    const estimate = () => Promise.resolve({ usage: 2.7e6, quota: 2.7e6 + 10 * 2 ** 30 })
    Object.defineProperty(navigator, 'storage', { value: { estimate }, configurable: true })
    const card = here.show(StorageCard)
    await until(() => card.text().includes('已用'))
    expect(card.text()).toContain('已用 2.7 MB')
    expect(card.text()).not.toContain('最多')
    expect(test(card, 'storage-meter').exists()).toBe(false)
    card.unmount()
  })

  it('clears what was downloaded on the worker’s word, and offers to download it again', async () => {
    quota(0.9)
    await here.db.household.put(household('h1'))
    const asked = vi.spyOn(dialog, 'ask').mockResolvedValueOnce(false).mockResolvedValueOnce(true)
    const card = here.show(StorageCard)
    await until(() => test(card, 'clear-cache').exists())
    await test(card, 'clear-cache').trigger('click')
    await until(() => asked.mock.calls.length === 1)
    expect(await here.db.household.count()).toBe(1)
    await test(card, 'clear-cache').trigger('click')
    await until(() => test(card, 'download-again').exists())
    expect(await here.db.household.count()).toBe(0)
    card.unmount()
  })

  it('clears first what frees room at once, and what it has to write only then', async () => {
    const kept = new Set<string>()
    const caches = {
      has: (name: string) => Promise.resolve(kept.has(name)),
      open: (name: string) => Promise.resolve({ put: () => Promise.resolve(void kept.add(name)) }),
      delete: (name: string) => Promise.resolve(kept.delete(name)),
    }
    vi.stubGlobal('caches', caches)
    Object.defineProperty(navigator, 'storage', { value: {}, configurable: true })
    await keepReserve()
    expect([...kept]).toEqual(['gridkeeper-reserve'])
    await here.db.household.put(household('h1'))
    const full = Object.assign(new Error('full'), { name: 'QuotaExceededError' })
    vi.spyOn(here.db.meta, 'put').mockRejectedValueOnce(full)
    await expect(dropCache(here.db)).rejects.toThrow('full')
    expect(kept.size).toBe(0)
    expect(await here.db.household.count()).toBe(0)
    expect(await here.db.meta.get('cursor')).toBeUndefined()
  })

  it('puts nothing aside where there is no room for it', async () => {
    const deleted = vi.fn(() => Promise.resolve(true))
    vi.stubGlobal('caches', { has: () => Promise.resolve(false), open: () => Promise.resolve({ put: () => Promise.reject(new Error('full')) }), delete: deleted })
    await keepReserve()
    expect(deleted).toHaveBeenCalledWith('gridkeeper-reserve')
  })

  describe('given back', () => {
    const RESERVE = 512 * 1024
    const freed = async (usages: number[]) => {
      const left = [...usages]
      const estimate = vi.fn(() => Promise.resolve({ usage: left.length > 1 ? left.shift()! : left[0]! }))
      Object.defineProperty(navigator, 'storage', { value: { estimate }, configurable: true })
      vi.stubGlobal('caches', { has: () => Promise.resolve(true), delete: () => Promise.resolve(true) })
      vi.useFakeTimers()
      const begun = Date.now()
      const done = freeReserve().then(() => ({ looks: estimate.mock.calls.length, ms: Date.now() - begun }))
      await vi.advanceTimersByTimeAsync(10_000)
      vi.useRealTimers()
      return done
    }

    it('is free only when the browser counts it so', async () => {
      expect(await freed([RESERVE * 4, RESERVE * 4, RESERVE * 4 + 999, RESERVE * 3 + 999])).toMatchObject({ looks: 4 })
    })

    it('is not waited for without end', async () => {
      expect((await freed([RESERVE * 4])).ms).toBe(3000)
    })
  })

  it('says it when the browser refuses to promise', async () => {
    const said = vi.spyOn(dialog, 'say')
    const card = here.show(StorageCard)
    await until(() => test(card, 'ask-persist').exists())
    await test(card, 'ask-persist').trigger('click')
    await until(() => said.mock.calls.length === 1)
    expect(said.mock.calls[0]![0]).toContain('没有答应')
    card.unmount()
  })
})

describe('the promise to keep', () => {
  it('is asked for after the first saved record, and not after every one', async () => {
    const recorder = useRecorderStore()
    await recorder.save(visit())
    await until(() => persist.mock.calls.length === 1)
    await recorder.save(visit())
    await askToPersistAt('first-record')
    expect(persist).toHaveBeenCalledOnce()
    await askToPersistAt('sign-in')
    expect(persist).toHaveBeenCalledTimes(2)
  })

  it('is not asked for twice where it was given', async () => {
    persisted = true
    await askToPersistAt('sign-in')
    expect(persist).not.toHaveBeenCalled()
  })
})

describe('a save that finds the phone full', () => {
  async function explain(error: unknown): Promise<string> {
    let told = ''
    const host = { setup: () => ({ ...useFull() }), template: '<i/>' }
    const wrapper = here.show(host)
    told = await (wrapper.vm as unknown as ReturnType<typeof useFull>).explain(error)
    wrapper.unmount()
    return told
  }

  it('explains, clears what can be had again when told to, and asks to save once more', async () => {
    await here.db.household.put(household('h1'))
    const asked = vi.spyOn(dialog, 'ask').mockResolvedValueOnce(false).mockResolvedValueOnce(true)
    expect(await explain(new SaveFailedError(true))).toContain('存储已满')
    expect(await here.db.household.count()).toBe(1)
    expect(await explain(new SaveFailedError(true))).toContain('再点一次保存')
    expect(await here.db.household.count()).toBe(0)
    expect(asked.mock.calls[0]![0].message).toContain('都不会清')
  })

  it('does not offer to clear what is cleared: it says what else makes room', async () => {
    const asked = vi.spyOn(dialog, 'ask').mockResolvedValue(true)
    expect(await explain(new SaveFailedError(true))).toContain('再点一次保存')
    expect(await explain(new SaveFailedError(true))).toContain('照片、视频')
    expect(asked).toHaveBeenCalledOnce()
  })

  it('any other failure only says so', async () => {
    const asked = vi.spyOn(dialog, 'ask')
    expect(await explain(new Error('no'))).toContain('没有存下来')
    expect(asked).not.toHaveBeenCalled()
  })
})
