/** Saving a form: durable first, then the word, then the way back. A failed save keeps everything typed. */
import { nextTick, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'

import type { RecordKind } from '@/api/types'
import type { NewRecord } from '@/db/outbox'
import { useRecorderStore } from '@/stores/recorder'

import { say } from './say'
import { useFull } from './useFull'

export function useSave() {
  const recorder = useRecorderStore()
  const router = useRouter()
  const { t } = useI18n()
  const { explain } = useFull()
  const busy = ref(false)
  const problem = ref('')

  async function save<K extends RecordKind>(record: NewRecord<K>, after: { finish: () => void; word: string; to: string }): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = ''
    try {
      await recorder.save(record)
      after.finish()
      say(navigator.onLine ? after.word : `${after.word}\n${t('save.offline')}`)
      if (window.history.state?.back) router.back()
      else await router.replace(after.to)
    } catch (error) {
      problem.value = await explain(error)
      busy.value = false
    }
  }

  return { busy, problem, save }
}

/** Leads to the first field that needs a correction. */
export async function showFirstFault(): Promise<void> {
  await nextTick()
  document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
