/** Calls a person or a household: the number is asked for with its purpose, which is audited, goes to the dialler, and is not kept. */
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiError } from '@/api/client'
import { type CallPurpose, householdCall, personCall } from '@/api/people'
import { useSessionStore } from '@/stores/session'

export interface Callee {
  person?: string | null
  household?: string | null
}

export function useCall(dial: (address: string) => void = (address) => (window.location.href = address)) {
  const { t } = useI18n()
  const session = useSessionStore()
  const calling = ref(false)
  const callProblem = ref('')

  const mayCall = computed(() => session.capabilities.has('phone_call'))

  async function call(who: Callee, purpose: CallPurpose): Promise<void> {
    if (calling.value) return
    calling.value = true
    callProblem.value = ''
    try {
      const phone = who.person ? await personCall(who.person, purpose) : await householdCall(who.household ?? '', purpose)
      if (phone) dial(`tel:${phone}`)
      else callProblem.value = t('call.none')
    } catch (error) {
      callProblem.value = error instanceof ApiError ? error.message : t('call.offline')
    } finally {
      calling.value = false
    }
  }

  return { mayCall, call, calling, callProblem }
}
