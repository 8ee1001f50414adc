/**
 * Wires one signed-in user's database to sync, socket and stores, and takes it all down on sign-out or change of user.
 * The only place where sync/ and realtime/ meet the stores.
 */
import { watch } from 'vue'

import { onSignedOut } from '@/api/client'
import { deviceId } from '@/db/device'
import { watchQuery } from '@/db/live'
import { unsettled } from '@/db/outbox'
import type { UserDb } from '@/db/schema'
import { createAlertSocket } from '@/realtime/socket'
import { useAlertsStore } from '@/stores/alerts'
import { useResidentsStore } from '@/stores/residents'
import { useSessionStore } from '@/stores/session'
import { useSyncStore } from '@/stores/sync'
import { createSyncEngine } from '@/sync/engine'
import { startTriggers } from '@/sync/triggers'

/** Villages and cells are downloaded, whole townships and more are not. */
const DOWNLOAD_FROM_DIGITS = 12

async function open(db: UserDb): Promise<() => void> {
  const session = useSessionStore()
  const sync = useSyncStore()
  const residents = useResidentsStore()
  const alerts = useAlertsStore()

  const engine = createSyncEngine({
    db,
    device: await deviceId(),
    wantsCache: () => session.duties.some((duty) => duty.region.length >= DOWNLOAD_FROM_DIGITS),
    onStatus: (status) => (sync.status = status),
    onSignedOut: () => session.markExpired(),
  })
  residents.attach(db)
  await alerts.attach(db)
  const stopRows = watchQuery(() => unsettled(db), sync.setRows)
  const triggers = startTriggers(engine)
  sync.attach({ sync: engine.sync, poke: triggers.poke })

  const socket = createAlertSocket({
    after: () => alerts.lastSeq,
    onEvent: alerts.applyEvent,
    onLive() {
      // What the events of a long absence add up to is in the list; and the line is back, so the queue may go.
      void alerts.refresh().catch(() => undefined)
      void engine.sync({ force: true })
    },
    onState: (state) => (alerts.socket = state),
    onDutiesChanged: () => void session.refresh().then(() => engine.sync({ force: true, pull: 'always' })).catch(() => undefined),
    onSignedOut: () => session.markExpired(),
  })
  socket.start()
  const nudge = () => socket.nudge()
  window.addEventListener('online', nudge)
  document.addEventListener('visibilitychange', nudge)

  const stopExpired = watch(
    () => session.expired,
    (expired) => {
      if (expired) return socket.stop()
      engine.resume()
      socket.start()
      void engine.sync({ force: true, pull: 'always' })
    },
  )

  return () => {
    stopExpired()
    window.removeEventListener('online', nudge)
    document.removeEventListener('visibilitychange', nudge)
    socket.stop()
    triggers.stop()
    engine.stop()
    stopRows()
    sync.detach()
    residents.detach()
    alerts.detach()
  }
}

export function installWorkspace(): void {
  const session = useSessionStore()
  let close: (() => void) | null = null
  let turn = 0

  onSignedOut(() => session.markExpired())
  watch(
    () => session.db,
    async (db) => {
      turn += 1
      const mine = turn
      close?.()
      close = null
      if (!db) return
      const closer = await open(db)
      if (mine === turn) close = closer
      else closer()
    },
    { immediate: true },
  )
  void session.settleSignOut()
  window.addEventListener('online', () => void session.settleSignOut())
  // Without an answer the saved session stands; a 401 marks it expired through onSignedOut.
  void session.refresh().catch(() => undefined)
}
