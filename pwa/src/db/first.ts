/**
 * The first read of a start: what today's list stands on, in one transaction and without the database library, so that the list
 * is on the screen before that is fetched and run. Read-only; everything later goes through database.ts.
 */
import type { HouseholdRow, RegionRow, VisitRow } from '@/api/types'

import { type OutboxRow, userDbName } from './schema'

export interface FirstRead {
  households: HouseholdRow[]
  regions: RegionRow[]
  /** Of the day asked for. */
  visits: VisitRow[]
  made: OutboxRow[]
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('read failed'))
  })
}

/** The database if it is there; looking must not make an empty one. */
async function existing(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.transaction?.abort()
  return answer(request)
}

/** `null` when there is nothing to show yet: never signed in here, nothing downloaded, or the database cannot be read this way. */
export async function readFirst(userId: string, day: string): Promise<FirstRead | null> {
  let db: IDBDatabase | undefined
  try {
    db = await existing(userDbName(userId))
    const stores = db.transaction(['household', 'region', 'visit', 'outbox'])
    const ofDay = (name: string) => answer(stores.objectStore(name).index('day').getAll(day))
    const [households, regions, visits, made] = await Promise.all([
      answer(stores.objectStore('household').getAll()),
      answer(stores.objectStore('region').getAll()),
      ofDay('visit'),
      ofDay('outbox'),
    ])
    return households.length ? { households, regions, visits, made } : null
  } catch {
    return null
  } finally {
    db?.close()
  }
}
