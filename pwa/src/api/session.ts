import { NoAnswerError, request } from './client'
import type { DeviceRow, Session } from './types'

/** A portal that speaks JSON must not pass for whoever is signed in: what is on the phone hangs on his id. */
async function ours(asked: Promise<Session>): Promise<Session> {
  const answer = await asked
  if (answer?.user?.id === undefined || !Array.isArray(answer.duties) || !Array.isArray(answer.capabilities)) throw new NoAnswerError('not_ours', 200)
  return answer
}

export function sessionOpen(credentials: { username: string; password: string; device: { id: string; name: string } }): Promise<Session> {
  return ours(request<Session>('session/', { method: 'POST', body: credentials, signIn: true }))
}

export function sessionRead(): Promise<Session> {
  return ours(request<Session>('session/'))
}

export function sessionClose(): Promise<void> {
  return request<void>('session/', { method: 'DELETE' })
}

export function sessionCloseAll(): Promise<void> {
  return request<void>('session/all/', { method: 'DELETE' })
}

export function passwordChange(body: { old: string; new: string }): Promise<void> {
  return request<void>('session/password/', { method: 'POST', body })
}

export async function devicesList(): Promise<DeviceRow[]> {
  const answer = await request<DeviceRow[] | { results: DeviceRow[] } | { devices: DeviceRow[] }>('devices/')
  if (Array.isArray(answer)) return answer
  return 'results' in answer ? answer.results : answer.devices
}

export function deviceRevoke(id: string): Promise<void> {
  return request<void>(`devices/${id}/`, { method: 'DELETE' })
}
