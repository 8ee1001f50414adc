/** Calls a person or a household's head: the number is asked for with its purpose, which is logged, goes to the dialler, and is not kept. */
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiError } from '@/api/client'
import { householdReveal, personReveal } from '@/api/people'
import { useSessionStore } from '@/stores/session'

export function useCall() {
  const { t } = useI18n()
  const session = useSessionStore()
  const calling = ref(false)
  const callProblem = ref('')

  const mayCall = computed(() => session.capabilities.has('person_reveal'))

  async function call(who: { person?: string | null; household?: string | null }, purpose: 'alert' | 'check' | 'visit'): Promise<void> {
    calling.value = true
    callProblem.value = ''
    try {
      const why = t(`call.purpose.${purpose}`)
      const { phone } = who.person ? await personReveal(who.person, why, ['phone']) : await householdReveal(who.household ?? '', why, ['phone'])
      if (phone) window.location.href = `tel:${phone}`
      else callProblem.value = t('call.none')
    } catch (error) {
      callProblem.value = error instanceof ApiError ? error.message : t('call.offline')
    } finally {
      calling.value = false
    }
  }

  return { mayCall, call, calling, callProblem }
}
