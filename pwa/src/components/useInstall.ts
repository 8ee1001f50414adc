/** The browser's offer to install the app. The event comes once, early, so it is caught at module load and kept. */
import { ref, shallowRef } from 'vue'

interface InstallEvent extends Event {
  prompt: () => Promise<void>
  userChoice: Promise<{ outcome: 'accepted' | 'dismissed' }>
}

const event = shallowRef<InstallEvent | null>(null)
const offered = ref(false)

window.addEventListener('beforeinstallprompt', (offer) => {
  offer.preventDefault()
  event.value = offer as InstallEvent
  offered.value = true
})
window.addEventListener('appinstalled', () => {
  event.value = null
  offered.value = false
})

export function useInstall() {
  async function install(): Promise<void> {
    const offer = event.value
    if (!offer) return
    await offer.prompt()
    await offer.userChoice
    event.value = null
    offered.value = false
  }
  return { offered, install }
}
