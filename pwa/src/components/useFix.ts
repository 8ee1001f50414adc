/** A form opened on a record of the inbox: what was typed then, the time it was observed, and that the new record replaces it. */
import { useRoute } from 'vue-router'

import type { BodyOf, RecordKind } from '@/api/types'
import { idToResend, readRecord } from '@/db/outbox'
import { useSessionStore } from '@/stores/session'

export function useFix<K extends RecordKind>(kind: K) {
  const route = useRoute()
  const session = useSessionStore()
  const replaces = typeof route.query.fix === 'string' ? route.query.fix : undefined

  async function load(): Promise<{ id: string; body: BodyOf[K]; observedAt: Date } | null> {
    const db = replaces ? await session.opened() : null
    const row = db && replaces ? await readRecord(db, replaces) : null
    if (row?.kind !== kind || !row.body) return null
    return { id: idToResend(row), body: row.body as BodyOf[K], observedAt: new Date(row.observedAt) }
  }

  return { replaces, load, draftKey: (key: string) => (replaces ? `fix:${replaces}` : key) }
}
