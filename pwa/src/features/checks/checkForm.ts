/** The measurement as typed, and the body it makes. Somebody who could not be reached has no temperature and no symptoms. */
import type { CheckBody } from '@/api/types'
import type { CheckSession } from '@/lib/monitoring'
import type { CheckMethod, Symptom } from '@/lib/outcomes'

export interface CheckForm {
  method: CheckMethod
  temperature: number | null
  symptoms: Symptom[]
  reachable: boolean
  note: string
}

export function emptyCheck(): CheckForm {
  return { method: 'door', temperature: null, symptoms: [], reachable: true, note: '' }
}

export function checkBody(person: string, session: CheckSession, form: CheckForm): CheckBody {
  const body: CheckBody = { person, session, method: form.method, symptoms: form.reachable ? form.symptoms : [] }
  if (form.reachable && form.temperature !== null) body.temperature = form.temperature
  if (!form.reachable) body.reachable = false
  if (form.note.trim()) body.note = form.note.trim()
  return body
}

/** The form a sent-back body came from. */
export function checkForm(body: CheckBody): CheckForm {
  return { method: body.method, temperature: body.temperature ?? null, symptoms: body.symptoms, reachable: body.reachable ?? true, note: body.note ?? '' }
}
