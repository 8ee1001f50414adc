import { request } from './client'
import type { PersonCode } from './types'

export function personCode(id: string): Promise<PersonCode> {
  return request<PersonCode>(`people/${id}/code/`)
}

export type CallPurpose = 'visit' | 'check' | 'alert'

/** The number to dial, empty where none is on record. Every call is audited and counted; the answer is dialled, never stored. */
function callNumber(path: string, purpose: CallPurpose): Promise<string> {
  return request<{ phone: string }>(`${path}call/`, { method: 'POST', body: { purpose } }).then((answer) => answer.phone)
}

export const personCall = (id: string, purpose: CallPurpose): Promise<string> => callNumber(`people/${id}/`, purpose)
export const householdCall = (id: string, purpose: CallPurpose): Promise<string> => callNumber(`households/${id}/`, purpose)
