/** How this phone shows things: theme, big type, language. Kept on the device, not per user. */
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'

export type Theme = 'system' | 'light' | 'dark'
export const LOCALES = ['zh-Hans', 'ko', 'en'] as const
export type Locale = (typeof LOCALES)[number]

const KEY = 'gridkeeper.settings'

interface Saved {
  theme: Theme
  bigType: boolean
  locale: Locale
  installDismissed: boolean
}
const DEFAULTS: Saved = { theme: 'system', bigType: false, locale: 'zh-Hans', installDismissed: false }

function load(): Saved {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Saved>
    const locale = LOCALES.includes(saved.locale as Locale) ? (saved.locale as Locale) : DEFAULTS.locale
    return { ...DEFAULTS, ...saved, locale }
  } catch {
    return { ...DEFAULTS }
  }
}

export const useSettingsStore = defineStore('settings', () => {
  const saved = load()
  const theme = ref<Theme>(saved.theme)
  const bigType = ref(saved.bigType)
  const locale = ref<Locale>(saved.locale)
  const installDismissed = ref(saved.installDismissed)

  watch([theme, bigType, locale, installDismissed], () => {
    const next: Saved = { theme: theme.value, bigType: bigType.value, locale: locale.value, installDismissed: installDismissed.value }
    localStorage.setItem(KEY, JSON.stringify(next))
  })

  return { theme, bigType, locale, installDismissed }
})
