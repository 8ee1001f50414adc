/** The truth about what has reached the server, for the badge and the sync page. Fed by boot/workspace.ts. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import type { HandoverRow } from '@/api/handovers'
import type { ConflictRow } from '@/api/types'
import { awaitsChoice } from '@/db/conflicts'
import type { OutboxRow } from '@/db/schema'
import type { EngineStatus, SyncOptions } from '@/sync/engine'

export interface SyncHandle {
  sync: (options?: SyncOptions) => Promise<void>
  poke: () => void
  closeDays: () => Promise<void>
}

const IDLE: EngineStatus = { running: false, runs: 0, problem: null, pushedAt: null, pulledAt: null, skewSeconds: 0, firstSync: null, tooOld: false }

export const useSyncStore = defineStore('sync', () => {
  const status = shallowRef<EngineStatus>(IDLE)
  /** Null until they have been read: what waits is not known then, and nothing may be called sent. */
  const readRows = shallowRef<OutboxRow[] | null>(null)
  const readConflicts = shallowRef<ConflictRow[] | null>(null)
  const handovers = shallowRef<HandoverRow[]>([])
  let handle: SyncHandle | null = null
  let early: ((now: SyncHandle) => void)[] = []

  const rows = computed(() => readRows.value ?? [])
  const conflicts = computed(() => readConflicts.value ?? [])
  const loaded = computed(() => readRows.value !== null && readConflicts.value !== null)
  const waiting = computed(() => rows.value.filter((row) => row.state !== 'needs-you'))
  /** What the server does not have yet, and would be lost with this phone. */
  const unsent = computed(() => rows.value.filter((row) => !awaitsChoice(row)))
  /** Choices that are made and not yet sent, by conflict. */
  const chosen = computed(() => new Set(rows.value.filter((row) => row.state !== 'needs-you').map((row) => row.conflict)))
  const toChoose = computed(() => conflicts.value.filter((each) => !chosen.value.has(each.id)))
  /** What came back; an edit that came second stands here only until both values have been delivered. */
  const needsYou = computed(() => {
    const delivered = new Set(conflicts.value.map((each) => each.id))
    return rows.value.filter((row) => row.state === 'needs-you' && !(awaitsChoice(row) && delivered.has(row.id)))
  })
  /** Hand-overs that this phone has answered and the server has not refused. */
  const answered = computed(() => new Set(rows.value.filter((row) => row.state !== 'needs-you').map((row) => row.handover)))
  const incoming = computed(() => handovers.value.filter((each) => each.incoming && each.state === 'offered' && !answered.value.has(each.id)))
  /** How many things wait for this worker: records that came back, and his own edits that came second. */
  const attention = computed(() => needsYou.value.length + toChoose.value.filter((each) => each.mine).length)
  const badge = computed<'reading' | 'done' | 'waiting' | 'needs-you'>(() => {
    if (!loaded.value) return 'reading'
    if (attention.value) return 'needs-you'
    return waiting.value.length ? 'waiting' : 'done'
  })

  function attach(next: SyncHandle): void {
    handle = next
    for (const go of early) go(next)
    early = []
  }

  function detach(): void {
    handle = null
    status.value = IDLE
    readRows.value = null
    readConflicts.value = null
    handovers.value = []
  }

  function setRows(next: OutboxRow[]): void {
    readRows.value = next
  }

  function setConflicts(next: ConflictRow[]): void {
    readConflicts.value = next
  }

  function setHandovers(next: HandoverRow[]): void {
    handovers.value = next
  }

  /** A tap may come before the engine is there: it waits for it, and is not lost. */
  function attached(): Promise<SyncHandle> {
    return handle ? Promise.resolve(handle) : new Promise((resolve) => early.push(resolve))
  }

  /** Upload and fetch now, whatever waits were running. */
  async function syncNow(): Promise<void> {
    await (await attached()).sync({ force: true, pull: 'always' })
  }

  /** Compare every day with the server now. Throws what the network throws. */
  async function closeDays(): Promise<void> {
    await (await attached()).closeDays()
  }

  /** A record was just saved: send as soon as it may go. */
  function poke(): void {
    handle?.poke()
  }

  return { status, rows, conflicts, handovers, incoming, loaded, waiting, unsent, needsYou, toChoose, attention, badge, attach, detach, setRows, setConflicts, setHandovers, syncNow, closeDays, poke }
})
