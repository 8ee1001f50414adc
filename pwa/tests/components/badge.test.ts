import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import SyncBadge from '@/components/SyncBadge.vue'
import { enqueue, settle, unsettled } from '@/db/outbox'
import { useSessionStore } from '@/stores/session'
import { useSyncStore } from '@/stores/sync'

import { visit } from '../helpers'
import { test, world, type World } from '../mount'

let here: World
beforeEach(async () => (here = await world()))
afterEach(() => here.db.delete())

async function badge() {
  const sync = useSyncStore()
  sync.setConflicts([])
  sync.setRows(await unsettled(here.db))
  return shown()
}

function shown() {
  const page = here.show(SyncBadge)
  const found = test(page, 'sync-badge')
  const facts = { text: found.text(), state: found.attributes('data-state') }
  page.unmount()
  return facts
}

describe('the sync badge', () => {
  it('tells the truth', async () => {
    expect(await badge()).toEqual({ text: '✓已全部上报', state: 'done' })
    const row = await enqueue(here.db, visit())
    await enqueue(here.db, visit())
    expect(await badge()).toEqual({ text: '↑2 条待上报', state: 'waiting' })
    await settle(here.db, [{ id: row.id, state: 'needs-you', verdict: 'rejected', code: 'bad_field' }])
    expect(await badge()).toEqual({ text: '!1 条要处理', state: 'needs-you' })
  })

  it('calls nothing sent before the queue has been read, and the conflicts', async () => {
    const sync = useSyncStore()
    expect(shown()).toEqual({ text: '正在读取', state: 'reading' })
    sync.setRows([])
    expect(shown().state).toBe('reading')
    sync.setConflicts([])
    expect(shown().state).toBe('done')
    sync.detach()
    expect(shown().state).toBe('reading')
  })

  it('asks for a new sign-in when the session is over', async () => {
    useSessionStore().markExpired()
    expect(await badge()).toEqual({ text: '!请重新登录', state: 'signed-out' })
  })
})
