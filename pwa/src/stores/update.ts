/** Whether a newer version of the app lies ready; put there by boot/serviceWorker.ts. */
import { defineStore } from 'pinia'
import { ref } from 'vue'

export const useUpdateStore = defineStore('update', () => {
  const ready = ref(false)
  let activate: (() => void) | null = null

  function offer(how: () => void): void {
    activate = how
    ready.value = true
  }

  function apply(): void {
    activate?.()
  }

  return { ready, offer, apply }
})
