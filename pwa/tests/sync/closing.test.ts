import { webcrypto } from 'node:crypto'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { ApiError, NoAnswerError } from '@/api/client'
import type { CarriedResponse, ClosingResponse } from '@/api/sync'
import { broughtFiles, takeOver } from '@/db/brought'
import { readClosing } from '@/db/closings'
import { writeMeta } from '@/db/cache'
import type { UserDb } from '@/db/schema'
import { today } from '@/lib/clock'
import { toBase64 } from '@/lib/seal'
import { createCloser } from '@/sync/closing'
import { createSyncEngine } from '@/sync/engine'
import { passOn } from '@/sync/passingOn'

import { FakeServer } from '../fakeServer'
import { enqueueMany, freshDb, states } from '../helpers'

let db: UserDb
let server: FakeServer
let asked: string[][]
let brought: string[]
/** Ids inside each text that was brought: the phone cannot say, the server can. */
let inside: Map<string, string[]>

const closer = (nowMs = () => Date.now()) =>
  createCloser({
    db,
    device: 'device',
    nowMs,
    closeDay: async (device, day, made) => {
      asked.push([...made])
      const missing = made.filter((id) => !server.stored.has(id))
      const refused = made.filter((id) => server.reject.has(id))
      const answer: ClosingResponse = {
        day, device, made: made.length, confirmed: made.length - missing.length, missing: missing.filter((id) => !refused.includes(id)),
        refused, forgotten: 0, closed: !missing.length, statement: 's', signature: 'c2ln', key: 'k',
      }
      return answer
    },
    isProved: () => Promise.resolve(true),
    bringIn: async (text) => {
      brought.push(text)
      for (const id of inside.get(text) ?? []) server.stored.set(id, 'again')
      return { author: '', made_at: '', items: 0, counts: { created: 0, duplicate: 0, conflict: 0, rejected: 0 }, results: [] }
    },
  })

const engine = () => createSyncEngine({ db, device: 'device', push: server.push, pull: server.pull, random: () => 0.5 })

beforeEach(async () => {
  db = await freshDb()
  server = new FakeServer()
  asked = []
  brought = []
  inside = new Map()
})
afterEach(() => db.delete())

async function learnKeys(): Promise<void> {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const point = toBase64(new Uint8Array(await webcrypto.subtle.exportKey('raw', pair.publicKey)))
  await writeMeta(db, 'keys', { carry: { key: 'k', point }, receipts: { key: 'k', point }, ticket: 't' })
}

describe('closing a day', () => {
  it('names everything made, keeps what the server said, and is quiet afterwards', async () => {
    const rows = await enqueueMany(db, 3)
    await engine().sync()
    const today_ = closer()
    await today_.closeDue()
    expect(asked[0]!.sort()).toEqual(rows.map((row) => row.id).sort())
    expect(await readClosing(db, today())).toMatchObject({ made: 3, confirmed: 3, missing: 0, closed: true })
    await today_.closeDue()
    expect(asked).toHaveLength(1)
  })

  it('asks again after a new record, but not at every record', async () => {
    await enqueueMany(db, 1)
    await engine().sync()
    let now = Date.now()
    const quiet = closer(() => now)
    await quiet.closeDue()
    await enqueueMany(db, 1)
    await engine().sync()
    await quiet.closeDue()
    expect(asked).toHaveLength(1)
    now += 31 * 60_000
    await quiet.closeDue()
    expect(asked).toHaveLength(2)
    expect(await readClosing(db, today())).toMatchObject({ made: 2, closed: true })
  })

  it('asks again at once when the server has another history', async () => {
    await enqueueMany(db, 1)
    await engine().sync()
    await closer().closeDue()
    await writeMeta(db, 'history', 'another')
    await closer().closeDue()
    expect(asked).toHaveLength(2)
  })

  it('delivers again, sealed, what a restored server forgot', async () => {
    await learnKeys()
    await enqueueMany(db, 3)
    await engine().sync()
    const [copy] = await db.sealed.toArray()
    expect(copy!.ids).toHaveLength(3)
    expect((await db.outbox.toArray()).every((row) => row.body === undefined)).toBe(true)
    inside.set(copy!.text, copy!.ids)
    server.stored.delete(copy!.ids[1]!)
    await closer().closeDue()
    expect(brought).toEqual([copy!.text])
    expect(await readClosing(db, today())).toMatchObject({ missing: 0, closed: true })
  })

  it('delivers again what a restored server remembers as sent back, when it was mended since', async () => {
    await learnKeys()
    const [row] = await enqueueMany(db, 1)
    await engine().sync()
    const [copy] = await db.sealed.toArray()
    inside.set(copy!.text, copy!.ids)
    server.stored.delete(row!.id)
    server.reject.set(row!.id, { code: 'bad_field' })
    await closer().closeDue()
    expect(brought).toEqual([copy!.text])
  })

  it('shows the worker what neither side has any more', async () => {
    const [row] = await enqueueMany(db, 1)
    await engine().sync()
    server.stored.clear()
    await closer().closeDue()
    expect(await db.outbox.get(row!.id)).toMatchObject({ state: 'needs-you', code: 'lost_by_server' })
    expect(brought).toEqual([])
  })

  it('lets a refusal hold up nothing, unless somebody asked', async () => {
    await enqueueMany(db, 1)
    const refused = createCloser({ db, device: 'device', closeDay: () => Promise.reject(new ApiError(404, 'not_found', '没有找到')) })
    await refused.closeDue()
    await expect(refused.closeDue(true)).rejects.toThrow('没有找到')
    const away = createCloser({ db, device: 'device', closeDay: () => Promise.reject(new NoAnswerError('offline')) })
    await expect(away.closeDue()).rejects.toThrow()
  })

  it('leaves what waits to the queue', async () => {
    await enqueueMany(db, 2)
    await closer().closeDue()
    expect(await states(db)).toEqual({ waiting: 2 })
    expect(await readClosing(db, today())).toMatchObject({ missing: 2, closed: false })
  })
})

describe('files of others', () => {
  const arrived: CarriedResponse = {
    author: '王网格', made_at: '', items: 2, counts: { created: 1, duplicate: 1, conflict: 0, rejected: 0 }, results: [],
  }

  it('are passed on once, and their text is forgotten', async () => {
    await takeOver(db, 'a1', 'text')
    await takeOver(db, 'a1', 'text')
    await passOn(db, async () => arrived)
    await passOn(db, () => Promise.reject(new Error('asked twice')))
    expect(await broughtFiles(db)).toMatchObject([{ state: 'done', author: '王网格', created: 1, duplicates: 1, text: '' }])
  })

  it('wait while there is no network, and keep the reason of a refusal', async () => {
    await takeOver(db, 'a1', 'text')
    await expect(passOn(db, () => Promise.reject(new NoAnswerError('offline')))).rejects.toThrow()
    expect(await broughtFiles(db)).toMatchObject([{ state: 'waiting', text: 'text' }])
    await passOn(db, () => Promise.reject(new ApiError(403, 'carried_not_yours', '您不能代交')))
    expect(await broughtFiles(db)).toMatchObject([{ state: 'refused', message: '您不能代交', text: 'text' }])
  })
})
