/**
 * Makes records. Every save goes through here: it is durable before the promise resolves, then the queue is poked. One-tap
 * records of a list are held back ten seconds, in which `undo` takes them away as if they had never been.
 */
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import type { RecordKind } from '@/api/types'
import { enqueue, type NewRecord, withdraw } from '@/db/outbox'
import type { OutboxRow } from '@/db/schema'
import type { Outcome } from '@/lib/outcomes'
import { askToPersistAt } from '@/lib/storage'

import { useSessionStore } from './session'
import { useSyncStore } from './sync'

export const UNDO_MS = 10_000

export interface Undoable {
  id: string
  label: string
  outcome: Outcome
  until: number
}

export const useRecorderStore = defineStore('recorder', () => {
  const session = useSessionStore()
  const sync = useSyncStore()
  const undoable = ref<Undoable | null>(null)
  const now = ref(Date.now())
  let ticking: ReturnType<typeof setInterval> | undefined

  const secondsLeft = computed(() => (undoable.value ? Math.max(0, Math.ceil((undoable.value.until - now.value) / 1000)) : 0))

  function tick(): void {
    now.value = Date.now()
    if (undoable.value && secondsLeft.value > 0) return
    undoable.value = null
    clearInterval(ticking)
    ticking = undefined
  }

  async function save<K extends RecordKind>(record: NewRecord<K>): Promise<OutboxRow<K>> {
    const db = await session.opened()
    if (!db) throw new Error('no user')
    const row = await enqueue(db, record)
    sync.poke()
    void askToPersistAt('first-record').catch(() => undefined)
    return row
  }

  /** One tap at a door. */
  async function visitQuick(input: { id: string; household: string; outcome: Outcome; label: string }): Promise<void> {
    await save({
      id: input.id,
      kind: 'visit',
      body: { household: input.household, outcome: input.outcome },
      label: input.label,
      household: input.household,
      outcome: input.outcome,
      holdMs: UNDO_MS,
    })
    undoable.value = { id: input.id, label: input.label, outcome: input.outcome, until: Date.now() + UNDO_MS }
    now.value = Date.now()
    ticking ??= setInterval(tick, 500)
  }

  async function undo(): Promise<boolean> {
    const target = undoable.value
    undoable.value = null
    const db = await session.opened()
    return target !== null && db !== null && withdraw(db, target.id)
  }

  return { undoable, secondsLeft, save, visitQuick, undo }
})
