/** Theme, type size and language on the root element; the theme follows the system unless chosen. */
import { watchEffect } from 'vue'

import { useSettingsStore } from '@/stores/settings'

export function installAppearance(): void {
  const settings = useSettingsStore()
  const system = window.matchMedia('(prefers-color-scheme: dark)')
  const apply = () => {
    const dark = settings.theme === 'dark' || (settings.theme === 'system' && system.matches)
    const root = document.documentElement
    root.dataset.theme = dark ? 'dark' : 'light'
    root.dataset.type = settings.bigType ? 'big' : 'normal'
    root.lang = settings.locale
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) meta.setAttribute('content', dark ? '#171c22' : '#ffffff')
  }
  system.addEventListener('change', apply)
  watchEffect(apply)
}
