/** A live read of the user's database for one screen: now, and after every change, also from another tab. */
import { onUnmounted, shallowRef, type ShallowRef } from 'vue'

import type { UserDb } from '@/db/schema'
import { useSessionStore } from '@/stores/session'

/** `null` until the first answer, and where nobody is signed in. */
export function useLive<T>(read: (db: UserDb) => Promise<T>): ShallowRef<T | null> {
  const value = shallowRef<T | null>(null)
  let stop: (() => void) | undefined
  let gone = false
  void useSessionStore().opened().then((db) => {
    if (db && !gone) stop = db.watch(() => read(db), (next) => (value.value = next))
  })
  onUnmounted(() => {
    gone = true
    stop?.()
  })
  return value
}
