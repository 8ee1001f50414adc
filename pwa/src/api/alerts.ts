import type { CloseReason } from '@/lib/outcomes'

import { request } from './client'
import type { AlertList, AlertRow } from './types'

export function alertsList(query: { after?: number; state?: string; limit?: number }): Promise<AlertList> {
  return request<AlertList>('alerts/', { query })
}

export function alertAcknowledge(id: string): Promise<AlertRow> {
  return request<AlertRow>(`alerts/${id}/acknowledge/`, { method: 'POST', body: {} })
}

export function alertClose(id: string, body: { reason: CloseReason; note?: string }): Promise<AlertRow> {
  return request<AlertRow>(`alerts/${id}/close/`, { method: 'POST', body })
}
