/** Records sealed for the server: to be carried in by hand, or kept after they were confirmed (docs/hand-carry.md). */
import { keys as apiKeys, type KeysResponse } from '@/api/sync'
import { API_LEVEL, type PushItem } from '@/api/types'
import { readMeta, writeMeta } from '@/db/cache'
import type { SealedRow, UserDb } from '@/db/schema'
import { rawNow, serverOffset, today } from '@/lib/clock'
import { newId } from '@/lib/ids'
import { canSeal, sealFor } from '@/lib/seal'

/** Where the server's keys are kept. */
export const KEYS = 'keys'

export async function knownKeys(db: UserDb): Promise<KeysResponse | undefined> {
  return readMeta<KeysResponse>(db, KEYS)
}

/** Fetches the server's keys once for this user and phone, while there is a network. */
export async function learnKeys(db: UserDb, device: string, fetchKeys: typeof apiKeys = apiKeys): Promise<void> {
  if (!canSeal() || (await knownKeys(db))) return
  await writeMeta(db, KEYS, await fetchKeys(device))
}

/** The text of a carried file with `items`; undefined where this phone cannot seal or has never met its server. */
export async function sealItems(db: UserDb, device: string, items: readonly PushItem[]): Promise<string | undefined> {
  const known = await knownKeys(db)
  if (!known || !canSeal()) return undefined
  const content = {
    device,
    ticket: known.ticket,
    made_at: rawNow().toISOString(),
    skew_seconds: serverOffset() / 1000,
    api_level: API_LEVEL,
    items,
  }
  return JSON.stringify(await sealFor(known.carry, JSON.stringify(content)))
}

/** The copy that is kept of confirmed records. */
export async function sealedCopy(db: UserDb, device: string, items: readonly PushItem[]): Promise<SealedRow | undefined> {
  const text = items.length ? await sealItems(db, device, items) : undefined
  return text === undefined ? undefined : { id: newId(), ids: items.map((item) => item.id), day: today(), text }
}
