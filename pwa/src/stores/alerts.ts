/** Alerts of my cells, live. The socket says that something happened; the list is the server's, fetched again and kept for offline. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { alertAcknowledge, alertClose, alertsList } from '@/api/alerts'
import type { AlertEvent, AlertRow } from '@/api/types'
import { readAlerts, readMeta, replaceAlerts, writeMeta } from '@/db/cache'
import type { UserDb } from '@/db/schema'
import { now } from '@/lib/clock'
import type { CloseReason } from '@/lib/outcomes'
import type { SocketState } from '@/realtime/socket'

const SEVERITY_ORDER = { urgent: 0, warning: 1, notice: 2 } as const
const PAGE = 200
/** What was raised longer ago is in the list, and no news to a phone that catches up. */
const NEWS_MS = 10 * 60_000

/** Worth interrupting for: raised just now, and more than a notice. */
function isNews(event: AlertEvent): boolean {
  const fresh = now().getTime() - Date.parse(event.at) < NEWS_MS
  return fresh && event.severity !== 'notice' && ['raised', 'reopened', 'moved_in'].includes(event.type)
}

export const useAlertsStore = defineStore('alerts', () => {
  const byId = shallowRef<Map<string, AlertRow>>(new Map())
  const lastSeq = ref(0)
  const socket = ref<SocketState>('off')
  const fetchedAt = ref<number | null>(null)
  /** The newest alert raised while the app was open, for the bar that slides in. */
  const justRaised = shallowRef<AlertEvent | null>(null)
  let db: UserDb | null = null
  let refreshing: Promise<void> | null = null
  let again = false

  const list = computed(() =>
    [...byId.value.values()].sort(
      (a, b) =>
        SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
        (a.due_at ?? '9').localeCompare(b.due_at ?? '9') ||
        b.raised_at.localeCompare(a.raised_at),
    ),
  )
  const open = computed(() => list.value.filter((alert) => alert.state === 'open'))
  const acknowledged = computed(() => list.value.filter((alert) => alert.state === 'acknowledged'))

  function put(alert: AlertRow): void {
    byId.value = new Map(byId.value).set(alert.id, alert)
  }

  async function attach(next: UserDb): Promise<void> {
    db = next
    lastSeq.value = (await readMeta<number>(next, 'alertSeq')) ?? 0
    fetchedAt.value = (await readMeta<number>(next, 'alertsAt')) ?? null
    byId.value = new Map((await readAlerts(next)).map((alert) => [alert.id, alert]))
  }

  function detach(): void {
    db = null
    byId.value = new Map()
    lastSeq.value = 0
    fetchedAt.value = null
    justRaised.value = null
    socket.value = 'off'
  }

  async function fetchOpen(): Promise<void> {
    const target = db
    const [opened, taken] = await Promise.all([alertsList({ state: 'open', limit: PAGE }), alertsList({ state: 'acknowledged', limit: PAGE })])
    if (target !== db || !target) return
    const closed = [...byId.value.values()].filter((alert) => alert.state === 'closed').slice(0, 50)
    const rows = [...opened.alerts, ...taken.alerts]
    const ids = new Set(rows.map((alert) => alert.id))
    byId.value = new Map([...closed.filter((alert) => !ids.has(alert.id)), ...rows].map((alert) => [alert.id, alert]))
    lastSeq.value = Math.max(lastSeq.value, opened.last_seq, taken.last_seq)
    fetchedAt.value = Date.now()
    await replaceAlerts(target, rows)
    await writeMeta(target, 'alertSeq', lastSeq.value)
    await writeMeta(target, 'alertsAt', fetchedAt.value)
  }

  /** Several events in a burst end in one more fetch, not in one each. */
  async function refresh(): Promise<void> {
    if (refreshing) {
      again = true
      return refreshing
    }
    refreshing = (async () => {
      do {
        again = false
        await fetchOpen()
      } while (again)
    })().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  /** Shows the event at once; the fetch that follows fills in why and what may be done. */
  function applyEvent(event: AlertEvent): void {
    if (event.seq <= lastSeq.value) return
    lastSeq.value = event.seq
    const known = byId.value.get(event.alert)
    if (event.type === 'moved_out') {
      byId.value = new Map([...byId.value].filter(([id]) => id !== event.alert))
      void refresh().catch(() => undefined)
      return
    }
    const state = { raised: 'open', reopened: 'open', acknowledged: 'acknowledged', closed: 'closed', moved_in: known?.state ?? 'open' } as const
    put({
      region_name: '',
      raised_at: event.at,
      ...known,
      id: event.alert,
      rule: event.rule,
      severity: event.severity,
      state: state[event.type],
      region: event.region,
      place: event.place,
      title: event.title,
      due_at: event.due_at ?? known?.due_at,
      ...(event.type === 'acknowledged' ? { acknowledged_at: event.at, acknowledged_by: event.by } : {}),
      ...(event.type === 'closed' ? { closed_at: event.at, close_reason: event.reason } : {}),
    })
    if (isNews(event)) justRaised.value = event
    void refresh().catch(() => undefined)
  }

  async function acknowledge(id: string): Promise<void> {
    put(await alertAcknowledge(id))
  }

  async function close(id: string, reason: CloseReason, note: string): Promise<void> {
    put(await alertClose(id, note ? { reason, note } : { reason }))
  }

  return { byId, list, open, acknowledged, lastSeq, socket, fetchedAt, justRaised, attach, detach, refresh, applyEvent, acknowledge, close }
})
