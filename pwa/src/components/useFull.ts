/** The phone is full and a record could not be written: what can be cleared is cleared on the worker's word, and he saves again. */
import { useI18n } from 'vue-i18n'

import { dropCache, readMeta } from '@/db/cache'
import { SaveFailedError } from '@/db/outbox'
import { useSessionStore } from '@/stores/session'

import { ask } from './say'

export function useFull() {
  const { t } = useI18n()
  const session = useSessionStore()

  /** What to tell of a failed save. Records are never cleared, and what was typed stays on the screen. */
  async function explain(error: unknown): Promise<string> {
    if (!(error instanceof SaveFailedError) || !error.full) return t('save.failed')
    const db = await session.opened()
    if (!db) return t('save.full')
    // Cleared once already: to offer it again would lead round in a circle.
    if (await readMeta<boolean>(db, 'lean').catch(() => false)) return t('save.stillFull')
    const sure = await ask({ title: t('storage.fullTitle'), message: t('storage.fullMessage'), confirm: t('storage.clear'), cancel: t('common.stay') })
    if (!sure) return t('save.full')
    const cleared = await dropCache(db).then(
      () => true,
      () => false,
    )
    return t(cleared ? 'save.cleared' : 'save.full')
  }

  return { explain }
}
