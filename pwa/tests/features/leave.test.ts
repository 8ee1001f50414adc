import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { noteExported } from '@/db/exports'
import { enqueue, unsettled } from '@/db/outbox'
import CarryOutPage from '@/features/me/CarryOutPage.vue'
import LeavePage from '@/features/me/LeavePage.vue'
import { useSessionStore } from '@/stores/session'
import { useSyncStore } from '@/stores/sync'

import { visit } from '../helpers'
import { test, until, world, type World } from '../mount'

let here: World
beforeEach(async () => (here = await world('/me/leave')))
afterEach(async () => {
  vi.unstubAllGlobals()
  await here.db.delete()
})

describe('signing out with two records unsent', () => {
  it('offers three ways; giving up is locked until they are carried out, and wants the word and the number', async () => {
    for (const each of [visit(), visit()]) await enqueue(here.db, each)
    const sync = useSyncStore()
    sync.setRows(await unsettled(here.db))
    const sent = vi.fn(() => Promise.resolve())
    sync.attach({ sync: sent, poke: () => undefined, closeDays: () => Promise.resolve() })
    const page = here.show(LeavePage)
    await until(() => test(page, 'leave-locked').exists())
    expect(test(page, 'leave-truth').text()).toContain('2 条')
    expect(test(page, 'leave-carry').attributes('href')).toBe('/me/sync/carry-out')
    await test(page, 'leave-send').trigger('click')
    expect(sent).toHaveBeenCalledWith({ force: true, pull: 'always' })

    await noteExported(here.db, await here.db.outbox.toArray())
    await until(() => test(page, 'leave-words').exists())
    const button = () => test(page, 'leave-give-up').attributes('disabled')
    expect(button()).toBeDefined()
    await test(page, 'leave-words').setValue('放弃 3')
    expect(button()).toBeDefined()
    await test(page, 'leave-words').setValue('放弃2')
    expect(button()).toBeUndefined()

    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(null, { status: 204 }))))
    await test(page, 'leave-give-up').trigger('click')
    await until(() => useSessionStore().session === null)
    page.unmount()
  })

  it('locks again when something is recorded after the export', async () => {
    const first = await enqueue(here.db, visit())
    await noteExported(here.db, [first])
    useSyncStore().setRows(await unsettled(here.db))
    const page = here.show(LeavePage)
    await until(() => test(page, 'leave-words').exists())
    await enqueue(here.db, visit())
    useSyncStore().setRows(await unsettled(here.db))
    await until(() => test(page, 'leave-locked').exists())
    page.unmount()
  })
})

it('nothing is carried out before the queue has been read', async () => {
  await enqueue(here.db, visit())
  const page = here.show(CarryOutPage)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(test(page, 'carry-file').exists()).toBe(false)
  useSyncStore().setConflicts([])
  useSyncStore().setRows(await unsettled(here.db))
  await until(() => test(page, 'carry-file').exists())
  expect(page.text()).toContain('1 条')
  page.unmount()
})
