/** Calls a person: the number is asked for with its purpose, which is logged, goes to the dialler, and is not kept. */
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiError } from '@/api/client'
import { personReveal } from '@/api/people'

export function useCall() {
  const { t } = useI18n()
  const calling = ref(false)
  const callProblem = ref('')

  async function call(person: string, purpose: 'alert' | 'check' | 'visit'): Promise<void> {
    calling.value = true
    callProblem.value = ''
    try {
      const { phone } = await personReveal(person, t(`call.purpose.${purpose}`), ['phone'])
      if (phone) window.location.href = `tel:${phone}`
      else callProblem.value = t('call.none')
    } catch (error) {
      callProblem.value = error instanceof ApiError ? error.message : t('call.offline')
    } finally {
      calling.value = false
    }
  }

  return { call, calling, callProblem }
}
