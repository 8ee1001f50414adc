/** Chinese is in the first load and the fallback; the other languages come when chosen, and from the cache offline. */
import type { App } from 'vue'
import { watch } from 'vue'
import { createI18n } from 'vue-i18n'

import { loadMessages, zhHans } from '@/locales'
import { compileMessage } from '@/locales/compile'
import { type Locale, useSettingsStore } from '@/stores/settings'

export async function installI18n(app: App): Promise<void> {
  const settings = useSettingsStore()
  const i18n = createI18n({ legacy: false, messageCompiler: compileMessage, locale: 'zh-Hans', fallbackLocale: 'zh-Hans', messages: { 'zh-Hans': zhHans } })

  async function use(locale: Locale): Promise<void> {
    const messages = await loadMessages(locale).catch(() => null)
    if (!messages) return
    i18n.global.setLocaleMessage(locale, messages as typeof zhHans)
    i18n.global.locale.value = locale as 'zh-Hans'
  }

  app.use(i18n)
  watch(() => settings.locale, use)
  if (settings.locale !== 'zh-Hans') await use(settings.locale)
}
