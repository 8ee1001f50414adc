/**
 * Registers the service worker and notices a new version. It waits until the worker agrees (components/UpdatePrompt.vue), takes
 * over, and the page starts anew with it. On plain HTTP away from localhost there is none, and the app works online only.
 */
import { useUpdateStore } from '@/stores/update'

const ASK_EVERY_MS = 3600_000

export function installServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  const update = useUpdateStore()
  let agreed = false

  function offer(worker: ServiceWorker): void {
    update.offer(() => {
      agreed = true
      worker.postMessage({ type: 'SKIP_WAITING' })
    })
  }

  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (agreed) window.location.reload()
  })

  async function register(): Promise<void> {
    const registration = await navigator.serviceWorker.register('/sw.js', { scope: '/' })
    if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting)
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing
      worker?.addEventListener('statechange', () => {
        // Without a controller it is the very first version, which takes over by itself.
        if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker)
      })
    })
    update.canLook(async () => void (await registration.update()))
    setInterval(() => void registration.update().catch(() => undefined), ASK_EVERY_MS)
  }
  const start = () => void register().catch(() => undefined)
  if (document.readyState === 'complete') start()
  else window.addEventListener('load', start, { once: true })
}
