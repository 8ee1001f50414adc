/**
 * Service worker: the shell from the precache, also when the server is gone. It answers navigations and built files only; /api,
 * /admin, /static, /ws and /healthz always go to the network, so no stale answer can pass for the server's. Woken by the network's
 * return (Background Sync), it has the app send what waits, or sends it itself when no window is in front.
 */
import { clientsClaim } from 'workbox-core'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

import './db/database'
import { WAKE_TAG } from './sync/background'
import { sendWithoutWindow } from './sync/wake'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] }

precacheAndRoute(self.__WB_MANIFEST)
cleanupOutdatedCaches()
clientsClaim()

registerRoute(
  new NavigationRoute(createHandlerBoundToURL('/index.html'), {
    denylist: [/^\/api(\/|$)/, /^\/admin(\/|$)/, /^\/static(\/|$)/, /^\/media(\/|$)/, /^\/ws(\/|$)/, /^\/healthz$/],
  }),
)

self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'SKIP_WAITING') void self.skipWaiting()
})

async function wake(): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window' })
  const inFront = windows.find((each) => each.visibilityState === 'visible')
  if (inFront) inFront.postMessage({ type: WAKE_TAG })
  else await sendWithoutWindow()
}

self.addEventListener('sync', (event) => {
  const { tag } = event as ExtendableEvent & { tag: string }
  if (tag === WAKE_TAG) (event as ExtendableEvent).waitUntil(wake())
})
