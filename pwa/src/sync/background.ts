/**
 * Background Sync: the browser wakes the service worker (src/sw.ts) when the network is back, also when the app is closed. Where
 * there is none, timer, focus and network wake the app as before (triggers.ts).
 */
import type { OutboxRow } from '@/db/schema'

/** Name of the wake, and of the message that passes it on to a window. */
export const WAKE_TAG = 'gridkeeper-outbox'

interface WithSync extends ServiceWorkerRegistration {
  sync?: { register: (tag: string) => Promise<void> }
}

export interface Asking {
  /** What waits now; after every change of the outbox. */
  look: (waiting: readonly Pick<OutboxRow, 'seq'>[]) => void
  stop: () => void
}

/**
 * Asks once for each record that is new, and when the app is left while something waits. Never because an upload failed: the browser
 * wakes at once where it believes in a network, and each failure would bring the next.
 */
export function startAsking(page: Document = document): Asking {
  let newest = 0
  let waits = false
  const onLeft = () => {
    if (waits && page.visibilityState === 'hidden') void askForWake()
  }
  page.addEventListener('visibilitychange', onLeft)
  return {
    look(waiting) {
      waits = waiting.length > 0
      const last = Math.max(0, ...waiting.map((row) => row.seq))
      if (last > newest) void askForWake()
      newest = Math.max(newest, last)
    },
    stop: () => page.removeEventListener('visibilitychange', onLeft),
  }
}

/** Asks to be woken when there is a network. */
export async function askForWake(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  try {
    const registration = (await navigator.serviceWorker.getRegistration()) as WithSync | undefined
    await registration?.sync?.register(WAKE_TAG)
  } catch {
    // Refused by the user or the browser: the other triggers remain.
  }
}

/** Calls `wake` when the service worker was woken while this page is open. */
export function onWake(wake: () => void): () => void {
  if (!('serviceWorker' in navigator)) return () => undefined
  const listen = (event: MessageEvent) => {
    if ((event.data as { type?: string } | null)?.type === WAKE_TAG) wake()
  }
  navigator.serviceWorker.addEventListener('message', listen)
  return () => navigator.serviceWorker.removeEventListener('message', listen)
}
