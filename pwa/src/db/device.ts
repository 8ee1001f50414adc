/** This phone: its id, made at first start, and the counter that orders its records whatever its clock says. */
import { newDeviceId } from '@/lib/ids'

import type { DeviceDb } from './database'

let database: DeviceDb | null = null

async function device(): Promise<DeviceDb> {
  const { DeviceDb } = await import('./database')
  database ??= new DeviceDb()
  return database
}

export async function deviceId(): Promise<string> {
  const db = await device()
  const made = (await db.meta.get('device'))?.value as string | undefined
  if (made) return made
  return db.transaction('rw', db.meta, async () => {
    const known = await db.meta.get('device')
    if (known) return known.value as string
    const id = newDeviceId()
    await db.meta.put({ key: 'device', value: id })
    return id
  })
}

/** The next `seq`, from 1 upward, never twice on this device. A number lost to a failed save leaves a gap, which is allowed. */
export async function nextSeq(): Promise<number> {
  const db = await device()
  return db.transaction('rw', db.meta, async () => {
    const last = ((await db.meta.get('seq'))?.value as number | undefined) ?? 0
    await db.meta.put({ key: 'seq', value: last + 1 })
    return last + 1
  })
}

export async function closeDeviceDb(): Promise<void> {
  database?.close()
  database = null
}
