/**
 * Who works with this phone. The cookie is the server's; what is kept here is what a screen needs without network: who I am,
 * my duties, what I may do. No token, no password. `expired` means the cookie is no longer good: work goes on, uploads wait.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { ApiError, NoAnswerError, setCsrf } from '@/api/client'
import { sessionClose, sessionCloseAll, sessionOpen, sessionRead } from '@/api/session'
import type { Session } from '@/api/types'
import { deviceId } from '@/db/device'
import { notExported } from '@/db/exports'
import { unsent as unsentRows } from '@/db/outbox'
import { deleteUserDb, openUserDb } from '@/db/open'
import type { UserDb } from '@/db/schema'
import { learnServerTime, serverOffset, setServerOffset } from '@/lib/clock'

const KEY = 'gridkeeper.session'
/** Set when the phone was wiped without network: the server's session is still to be ended. */
const OWED_KEY = 'gridkeeper.sign-out-owed'
const VILLAGE_DIGITS = 12

interface Saved {
  session: Session
  offsetMs: number
}

function load(): Saved | null {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Saved | null
    return saved?.session?.user?.id === undefined ? null : saved
  } catch {
    return null
  }
}

/** Sign-out, or another user's sign-in, was asked for while records are unsent; nothing was done. */
export class UnsentError extends Error {
  constructor(readonly unsent: number) {
    super('unsent')
    this.name = 'UnsentError'
  }
}

function deviceName(): string {
  const platform = /Android|iPhone|iPad|Windows|Macintosh|Linux/.exec(navigator.userAgent)?.[0] ?? 'Web'
  return platform
}

export const useSessionStore = defineStore('session', () => {
  const saved = load()
  const session = shallowRef<Session | null>(saved?.session ?? null)
  const expired = ref(false)
  const db = shallowRef<UserDb | null>(null)
  const device = ref('')
  let opening: Promise<UserDb> | null = null

  const userId = computed(() => (session.value ? String(session.value.user.id) : null))
  const duties = computed(() => session.value?.duties ?? [])
  const capabilities = computed(() => new Set(session.value?.capabilities ?? []))

  /** Works at doors: a duty in a village or a cell. Offices above work in the admin, and their area is not for a phone. */
  const walks = computed(() => capabilities.value.has('visit_record') && duties.value.some((duty) => duty.region.length >= VILLAGE_DIGITS))

  if (saved) {
    setCsrf(saved.session.csrf)
    setServerOffset(saved.offsetMs)
  }

  /** The database of who is signed in, opened at the first call; null when nobody is. */
  async function opened(): Promise<UserDb | null> {
    const user = userId.value
    if (!user || db.value) return db.value
    opening ??= openUserDb(user).finally(() => (opening = null))
    const found = await opening
    // Whoever signed out or in meanwhile has a database of his own.
    if (userId.value !== user) return opened()
    db.value ??= found
    return db.value
  }

  function remember(next: Session): void {
    setCsrf(next.csrf)
    learnServerTime(next.server_time)
    localStorage.removeItem(OWED_KEY)
    session.value = next
    expired.value = false
    localStorage.setItem(KEY, JSON.stringify({ session: next, offsetMs: serverOffset() } satisfies Saved))
  }

  /** How many records only this phone has, as its database says now: a screen that has just opened may not know yet. */
  async function unsent(): Promise<number> {
    const mine = await opened()
    return mine ? (await unsentRows(mine)).length : 0
  }

  /** Whoever is named by another user name must not take the phone over records that are not sent. */
  async function refuseSwitch(username: string): Promise<void> {
    const known = session.value?.user.username
    if (known === undefined || known.toLowerCase() === username.toLowerCase()) return
    const count = await unsent()
    if (count) throw new UnsentError(count)
  }

  async function forgetOther(nextUser: string): Promise<void> {
    if (userId.value === nextUser) return
    const before = await opened()
    if (!before) return
    const count = await unsent()
    before.close()
    // Should another user get here all the same, the records stay in their own database until their maker signs in again.
    if (count === 0) await deleteUserDb(userId.value!)
  }

  async function signIn(username: string, password: string): Promise<void> {
    await refuseSwitch(username)
    device.value = await deviceId()
    const next = await sessionOpen({ username, password, device: { id: device.value, name: deviceName() } })
    const nextUser = String(next.user.id)
    await forgetOther(nextUser)
    if (userId.value !== nextUser) db.value = null
    remember(next)
    await opened()
  }

  /** Asks the server who I am. Without an answer the saved session stands. */
  async function refresh(): Promise<void> {
    device.value = await deviceId()
    if (session.value) remember(await sessionRead())
  }

  function markExpired(): void {
    if (session.value) expired.value = true
  }

  async function forget(): Promise<void> {
    const user = userId.value
    const open = db.value
    session.value = null
    expired.value = false
    db.value = null
    localStorage.removeItem(KEY)
    open?.close()
    if (user) await deleteUserDb(user)
  }

  /** What is unsent may go only after it was carried out by hand: whoever holds the file can still deliver it. */
  async function refuseLoss(giveUp: boolean): Promise<void> {
    const mine = await opened()
    if (!mine) return
    const rows = await unsentRows(mine)
    const kept = giveUp ? await notExported(mine, rows) : rows
    if (kept.length) throw new UnsentError(kept.length)
  }

  /**
   * Refused while anything is unsent; `giveUp` gives up what has been exported, and no more. Without network the phone is wiped all
   * the same, and the server told when it is back. A session the server has ended needs no ending.
   */
  async function signOut({ everywhere = false, giveUp = false }: { everywhere?: boolean; giveUp?: boolean } = {}): Promise<void> {
    await refuseLoss(giveUp)
    await (everywhere ? sessionCloseAll() : sessionClose()).catch((error: unknown) => {
      if (everywhere && !(error instanceof ApiError && error.status === 401)) throw error
      if (error instanceof NoAnswerError) localStorage.setItem(OWED_KEY, '1')
    })
    await forget()
  }

  /** Ends on the server what was ended on the phone without network. */
  async function settleSignOut(): Promise<void> {
    if (session.value || !localStorage.getItem(OWED_KEY)) return
    try {
      await sessionClose()
    } catch (error) {
      if (error instanceof NoAnswerError) return
    }
    localStorage.removeItem(OWED_KEY)
  }

  return { walks, session, expired, db, opened, device, userId, duties, capabilities, unsent, signIn, refresh, markExpired, signOut, settleSignOut, remember }
})
