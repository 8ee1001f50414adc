/**
 * Whether a newer version of the app lies ready; put there by boot/serviceWorker.ts. Before it takes over, the queue is sent: what
 * cannot be sent in time stays in the phone's database, which the new version opens.
 */
import { defineStore } from 'pinia'
import { ref } from 'vue'

import { useSyncStore } from './sync'

export const FLUSH_AT_MOST_MS = 15_000

export const useUpdateStore = defineStore('update', () => {
  const sync = useSyncStore()
  const ready = ref(false)
  const busy = ref(false)
  let activate: (() => void) | null = null
  let ask: (() => Promise<void>) | null = null

  function offer(how: () => void): void {
    activate = how
    ready.value = true
  }

  /** How to ask the server for a newer version now. */
  function canLook(how: () => Promise<void>): void {
    ask = how
  }

  async function look(): Promise<void> {
    if (ask) await ask().catch(() => undefined)
    // Without a service worker the newest version is a reload away.
    else window.location.reload()
  }

  /** First the queue, then the new version. Nothing that goes wrong with the one stops the other. */
  async function apply(): Promise<void> {
    if (busy.value) return
    busy.value = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_AT_MOST_MS)))
    if (sync.waiting.length) await Promise.race([sync.syncNow().catch(() => undefined), enough])
    clearTimeout(timer)
    activate?.()
  }

  return { ready, busy, offer, canLook, look, apply }
})
