/**
 * Background Sync: the browser wakes the service worker (src/sw.ts) when the network is back, also when the app is closed. Where
 * there is none, timer, focus and network wake the app as before (triggers.ts).
 */
/** Name of the wake, and of the message that passes it on to a window. */
export const WAKE_TAG = 'gridkeeper-outbox'

interface WithSync extends ServiceWorkerRegistration {
  sync?: { register: (tag: string) => Promise<void> }
}

/** Asks to be woken for what waits. Harmless to repeat: one tag is one wake. */
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
