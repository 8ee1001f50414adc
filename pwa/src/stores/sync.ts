/** The truth about what has reached the server, for the badge and the sync page. Fed by boot/workspace.ts. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { OutboxRow } from '@/db/schema'
import type { EngineStatus, SyncOptions } from '@/sync/engine'

export interface SyncHandle {
  sync: (options?: SyncOptions) => Promise<void>
  poke: () => void
  closeDays: () => Promise<void>
}

const IDLE: EngineStatus = { running: false, problem: null, pushedAt: null, pulledAt: null, skewSeconds: 0, firstSync: null }

export const useSyncStore = defineStore('sync', () => {
  const status = shallowRef<EngineStatus>(IDLE)
  const rows = shallowRef<OutboxRow[]>([])
  const loaded = ref(false)
  let handle: SyncHandle | null = null

  const waiting = computed(() => rows.value.filter((row) => row.state !== 'needs-you'))
  const needsYou = computed(() => rows.value.filter((row) => row.state === 'needs-you'))
  const badge = computed<'done' | 'waiting' | 'needs-you'>(() => {
    if (needsYou.value.length) return 'needs-you'
    return waiting.value.length ? 'waiting' : 'done'
  })

  function attach(next: SyncHandle): void {
    handle = next
  }

  function detach(): void {
    handle = null
    status.value = IDLE
    rows.value = []
    loaded.value = false
  }

  function setRows(next: OutboxRow[]): void {
    rows.value = next
    loaded.value = true
  }

  /** Upload and fetch now, whatever waits were running. */
  async function syncNow(): Promise<void> {
    await handle?.sync({ force: true, pull: 'always' })
  }

  /** Compare every day with the server now. Throws what the network throws. */
  async function closeDays(): Promise<void> {
    await handle?.closeDays()
  }

  /** A record was just saved: send as soon as it may go. */
  function poke(): void {
    handle?.poke()
  }

  return { status, rows, loaded, waiting, needsYou, badge, attach, detach, setRows, syncNow, closeDays, poke }
})
