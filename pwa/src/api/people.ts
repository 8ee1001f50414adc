import { request } from './client'
import type { PersonCode } from './types'

export function personCode(id: string): Promise<PersonCode> {
  return request<PersonCode>(`people/${id}/code/`)
}

export interface Revealed {
  phone?: string | null
  document?: string | null
  name?: string | null
}

/** The head's number of a household, on the same terms. */
export function householdReveal(id: string, purpose: string, fields: ('phone' | 'name')[]): Promise<Revealed> {
  return request<Revealed>(`households/${id}/reveal/`, { method: 'POST', body: { purpose, fields } })
}

/** Every call is written to the audit log with its purpose. The answer is shown and dialled, never stored. */
export function personReveal(id: string, purpose: string, fields: ('phone' | 'document' | 'name')[]): Promise<Revealed> {
  return request<Revealed>(`people/${id}/reveal/`, { method: 'POST', body: { purpose, fields } })
}
