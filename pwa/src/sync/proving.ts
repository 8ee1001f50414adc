/**
 * The server's word on a day is believed and kept only as it was signed (docs/receipts.md, "The signature"): half an answer, or
 * somebody else's, must not pass for a server that has forgotten.
 */
import { type ClosingResponse, keys as apiKeys } from '@/api/sync'
import { writeMeta } from '@/db/cache'
import type { UserDb } from '@/db/schema'
import { canSeal, isSigned, type ServerKey } from '@/lib/seal'

import { KEYS, knownKeys } from './sealing'

async function digest(ids: readonly string[]): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode([...ids].sort().join('\n')))
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The server's key of that name; another one than is known is asked for: it may have been replaced. */
async function keyNamed(db: UserDb, device: string, name: string, fetchKeys: typeof apiKeys): Promise<ServerKey> {
  const known = await knownKeys(db)
  if (known?.receipts.key === name) return known.receipts
  const now = await fetchKeys(device)
  await writeMeta(db, KEYS, now)
  return now.receipts
}

/**
 * Whether the server signed just this answer to just these ids. Where the browser cannot tell (no secure context), it is
 * taken as it is. Throws what the network throws.
 */
export async function isProved(db: UserDb, answer: ClosingResponse, made: readonly string[], fetchKeys: typeof apiKeys = apiKeys): Promise<boolean> {
  if (!canSeal()) return true
  const key = await keyNamed(db, answer.device, answer.key, fetchKeys)
  if (!(await isSigned(key, answer.statement, answer.signature))) return false
  const said = new Map(answer.statement.split('\n').map((line) => [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]))
  const open = new Set([...answer.missing, ...answer.refused])
  const confirmed = made.filter((id) => !open.has(id))
  const expected = { device: answer.device, day: answer.day, made: String(made.length), confirmed: String(confirmed.length), digest: await digest(confirmed) }
  return Object.entries(expected).every(([name, value]) => said.get(name) === value)
}
