import { createHash, webcrypto } from 'node:crypto'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { NoAnswerError } from '@/api/client'
import type { ClosingResponse, KeysResponse } from '@/api/sync'
import { readClosing } from '@/db/closings'
import type { UserDb } from '@/db/schema'
import { today } from '@/lib/clock'
import { toBase64 } from '@/lib/seal'
import { createCloser } from '@/sync/closing'
import { isProved } from '@/sync/proving'
import { knownKeys } from '@/sync/sealing'

import { enqueueMany, freshDb } from '../helpers'

const DAY = '2026-11-22'
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }
let db: UserDb

beforeEach(async () => {
  db = await freshDb()
})
afterEach(() => db.delete())

/** A server with a key of its own: its keys, and its signed answer to `made` of which it lacks `missing`. */
async function signer(name: string) {
  const pair = await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify'])
  const point = toBase64(new Uint8Array(await webcrypto.subtle.exportKey('raw', pair.publicKey)))
  const keys: KeysResponse = { receipts: { key: name, point }, carry: { key: 'c', point }, ticket: 't' }
  async function answer(made: string[], missing: string[] = [], change: Partial<ClosingResponse> = {}): Promise<ClosingResponse> {
    const confirmed = made.filter((id) => !missing.includes(id)).sort()
    const digest = createHash('sha256').update(confirmed.join('\n')).digest('hex')
    const statement = ['gridkeeper receipt 1', 'history h', 'device d', 'user 7', `day ${DAY}`, `made ${made.length}`, `confirmed ${confirmed.length}`, `digest ${digest}`, 'at 2026-11-22T11:00:00+00:00'].join('\n')
    const signed = await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, new TextEncoder().encode(statement))
    return {
      day: DAY, device: 'd', made: made.length, confirmed: confirmed.length, missing, refused: [], forgotten: 0, closed: !missing.length,
      statement, signature: toBase64(new Uint8Array(signed)), key: name, ...change,
    }
  }
  return { keys, answer }
}

it('takes what was signed, with what it lacks, and remembers the key', async () => {
  const server = await signer('k1')
  let fetched = 0
  const fetchKeys = () => Promise.resolve((fetched += 1, server.keys))
  expect(await isProved(db, await server.answer(['b', 'a']), ['b', 'a'], fetchKeys)).toBe(true)
  expect(await isProved(db, await server.answer(['b', 'a'], ['b']), ['b', 'a'], fetchKeys)).toBe(true)
  expect(fetched).toBe(1)
  expect((await knownKeys(db))?.receipts.key).toBe('k1')
})

it('refuses another signature, another day, and an answer that says something else than was signed', async () => {
  const [server, other] = [await signer('k1'), await signer('k1')]
  const fetchKeys = () => Promise.resolve(server.keys)
  const forged: Partial<ClosingResponse>[] = [{ signature: toBase64(new Uint8Array(64)) }, { missing: ['a'] }, { day: '2026-11-21' }, { device: 'e' }]
  for (const change of forged) expect(await isProved(db, await server.answer(['a', 'b'], [], change), ['a', 'b'], fetchKeys)).toBe(false)
  expect(await isProved(db, await server.answer(['a']), ['c'], fetchKeys)).toBe(false)
  expect(await isProved(db, await other.answer(['a']), ['a'], fetchKeys)).toBe(false)
})

it('asks for the key when the server has another than it had', async () => {
  const [before, now] = [await signer('k1'), await signer('k2')]
  await isProved(db, await before.answer(['a']), ['a'], () => Promise.resolve(before.keys))
  expect(await isProved(db, await now.answer(['a']), ['a'], () => Promise.resolve(now.keys))).toBe(true)
})

it('an answer that is not proved is no answer: nothing is kept of it, and nothing sent again', async () => {
  const [row] = await enqueueMany(db, 1)
  const server = await signer('k1')
  const closer = createCloser({
    db, device: 'd', closeDay: async (device, day, made) => ({ ...(await server.answer([...made], [row!.id])), day, device }),
    isProved: () => Promise.resolve(false), bringIn: () => Promise.reject(new Error('sent again')),
  })
  await expect(closer.closeDue()).rejects.toBeInstanceOf(NoAnswerError)
  expect(await readClosing(db, today())).toBeUndefined()
})
