/**
 * Wires one signed-in user's database to sync, socket and stores, and takes it all down on sign-out or change of user.
 * The only place where sync/ and realtime/ meet the stores.
 *
 * A start shows today's list first, from one plain read; database, engine and socket follow when it has been painted.
 */
import { watch } from 'vue'

import { onSignedOut } from '@/api/client'
import { readMeta } from '@/db/cache'
import { openConflicts } from '@/db/conflicts'
import { deviceId } from '@/db/device'
import { readFirst } from '@/db/first'
import { unsettled } from '@/db/outbox'
import type { UserDb } from '@/db/schema'
import { today } from '@/lib/clock'
import { keepReserve } from '@/lib/storage'
import { createAlertSocket } from '@/realtime/socket'
import { useAlertsStore } from '@/stores/alerts'
import { useResidentsStore } from '@/stores/residents'
import { useSessionStore } from '@/stores/session'
import { useSyncStore } from '@/stores/sync'
import { onWake, startAsking } from '@/sync/background'
import { createCloser } from '@/sync/closing'
import { createSyncEngine } from '@/sync/engine'
import { passOn } from '@/sync/passingOn'
import { learnKeys } from '@/sync/sealing'
import { startTriggers } from '@/sync/triggers'

/** Villages and cells are downloaded, whole townships and more are not. */
const DOWNLOAD_FROM_DIGITS = 12
const NO_FRAMES_MS = 500

async function open(db: UserDb): Promise<() => void> {
  const session = useSessionStore()
  const sync = useSyncStore()
  const residents = useResidentsStore()
  const alerts = useAlertsStore()

  residents.attach(db)
  await alerts.attach(db)
  const device = await deviceId()
  const closer = createCloser({ db, device })
  const engine = createSyncEngine({
    db,
    device,
    // Without the keys records go out all the same; there is only no sealed copy of them.
    beforeSend: () => learnKeys(db, device).catch(() => undefined),
    async afterPull() {
      await passOn(db)
      await closer.closeDue()
      if (!(await readMeta<boolean>(db, 'lean'))) await keepReserve()
    },
    wantsCache: () => session.duties.some((duty) => duty.region.length >= DOWNLOAD_FROM_DIGITS),
    onStatus: (status) => (sync.status = status),
    onSignedOut: () => session.markExpired(),
  })
  const asking = startAsking()
  const stopRows = db.watch(() => unsettled(db), (rows) => {
    sync.setRows(rows)
    asking.look(rows.filter((row) => row.state === 'waiting'))
  })
  const stopConflicts = db.watch(() => openConflicts(db), sync.setConflicts)
  const stopHandovers = db.watch(() => db.handover.toArray(), sync.setHandovers)
  const triggers = startTriggers(engine)
  const stopWake = onWake(() => void engine.sync())
  sync.attach({ sync: engine.sync, poke: triggers.poke, closeDays: () => closer.closeDue(true) })

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
  let closed = false
  /** The list first, with the last event it holds: the socket then catches up from there, and not from days ago. */
  async function listen(): Promise<void> {
    await alerts.refresh().catch(() => undefined)
    if (!closed && !session.expired) socket.start()
  }
  void listen()
  const nudge = () => socket.nudge()
  window.addEventListener('online', nudge)
  document.addEventListener('visibilitychange', nudge)

  const stopExpired = watch(
    () => session.expired,
    (expired) => {
      if (expired) return socket.stop()
      engine.resume()
      void listen()
      void engine.sync({ force: true, pull: 'always' })
    },
  )

  return () => {
    closed = true
    stopExpired()
    window.removeEventListener('online', nudge)
    document.removeEventListener('visibilitychange', nudge)
    socket.stop()
    triggers.stop()
    engine.stop()
    stopRows()
    stopConflicts()
    stopHandovers()
    stopWake()
    asking.stop()
    sync.detach()
    residents.detach()
    alerts.detach()
  }
}

/** Two frames, or a moment where none are drawn (a tab in the background). */
function painted(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve))
    setTimeout(resolve, NO_FRAMES_MS)
  })
}

/** Today's list at once; then the database, whose watcher below does the rest; then what the server says of who I am. */
async function begin(): Promise<void> {
  const session = useSessionStore()
  if (session.userId) {
    const first = await readFirst(session.userId, today())
    if (first) {
      useResidentsStore().showFirst(first)
      await painted()
    }
    await session.opened()
  }
  void session.settleSignOut()
  // Without an answer the saved session stands; a 401 marks it expired through onSignedOut.
  void session.refresh().catch(() => undefined)
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
  window.addEventListener('online', () => void session.settleSignOut())
  void begin()
}
