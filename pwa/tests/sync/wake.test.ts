import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { PushRequest } from '@/api/types'
import { UserDb } from '@/db/database'
import { closeDeviceDb, deviceId } from '@/db/device'
import { enqueue } from '@/db/outbox'
import { askForWake, onWake, startAsking, WAKE_TAG } from '@/sync/background'
import { sendWithoutWindow } from '@/sync/wake'

import { visit } from '../helpers'
import { SESSION } from '../mount'

let db: UserDb
const asked: [string, RequestInit | undefined][] = []

/** The server over HTTP, as the service worker meets it: without a token of its own. */
function serve(push: (sent: PushRequest) => Response): void {
  asked.length = 0
  vi.stubGlobal('fetch', vi.fn(async (url: string, init?: RequestInit) => {
    asked.push([url, init])
    if (url.endsWith('/session/')) return json(200, SESSION)
    return push(JSON.parse(String(init?.body)) as PushRequest)
  }))
}
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const stored = (sent: PushRequest) =>
  json(200, { results: sent.items.map((item) => ({ id: item.id, verdict: 'created' })), server_time: new Date().toISOString(), skew_seconds: 0 })

beforeEach(async () => {
  await closeDeviceDb()
  db = new UserDb(String(SESSION.user.id))
})
afterEach(async () => {
  vi.unstubAllGlobals()
  await db.delete()
})

describe('a wake without a window', () => {
  it('sends what waits of the user whom the cookie names, with the token of his session', async () => {
    const row = await enqueue(db, visit())
    serve(stored)
    await sendWithoutWindow()
    expect(await db.outbox.get(row.id)).toMatchObject({ state: 'confirmed' })
    const [url, init] = asked.at(-1)!
    expect(url).toBe('/api/v1/sync/push/')
    expect((init!.headers as Record<string, string>)['X-CSRFToken']).toBe('token')
    expect(JSON.parse(String(init!.body))).toMatchObject({ device: await deviceId() })
  })

  it('asks to be woken again for what had to stay', async () => {
    await enqueue(db, visit())
    serve(() => json(503, { code: 'unavailable', message: '' }))
    await expect(sendWithoutWindow()).rejects.toThrow()
    expect((await db.outbox.toArray())[0]).toMatchObject({ state: 'waiting' })
  })

  it('leaves everything where nobody is signed in', async () => {
    await enqueue(db, visit())
    vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(json(401, { code: 'not_signed_in', message: '' }))))
    await sendWithoutWindow()
    expect((await db.outbox.toArray())[0]).toMatchObject({ state: 'waiting', attempts: 0 })
  })
})

function browserWithSync() {
  const register = vi.fn(() => Promise.resolve())
  const worker = Object.assign(new EventTarget(), { getRegistration: () => Promise.resolve({ sync: { register } }) })
  Object.defineProperty(navigator, 'serviceWorker', { value: worker, configurable: true })
  return { register, worker }
}

describe('asking to be woken', () => {
  it('happens once for a new record, and not again when its upload fails', async () => {
    const { register } = browserWithSync()
    const asking = startAsking()
    asking.look([{ seq: 1 }])
    for (let failure = 0; failure < 3; failure++) {
      asking.look([])
      asking.look([{ seq: 1 }])
    }
    await vi.waitFor(() => expect(register).toHaveBeenCalledOnce())
    asking.look([{ seq: 1 }, { seq: 2 }])
    await vi.waitFor(() => expect(register).toHaveBeenCalledTimes(2))
    asking.stop()
    Reflect.deleteProperty(navigator, 'serviceWorker')
  })

  it('happens when the app is left while something waits', async () => {
    const { register } = browserWithSync()
    const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
    const asking = startAsking(page as unknown as Document)
    page.dispatchEvent(new Event('visibilitychange'))
    asking.look([{ seq: 1 }])
    await vi.waitFor(() => expect(register).toHaveBeenCalledOnce())
    page.dispatchEvent(new Event('visibilitychange'))
    await vi.waitFor(() => expect(register).toHaveBeenCalledTimes(2))
    asking.stop()
    Reflect.deleteProperty(navigator, 'serviceWorker')
  })
})

describe('a wake of a window', () => {
  it('is asked for and heard, where the browser has it', async () => {
    const { register, worker } = browserWithSync()
    await askForWake()
    expect(register).toHaveBeenCalledWith(WAKE_TAG)
    const woken = vi.fn()
    const stop = onWake(woken)
    worker.dispatchEvent(new MessageEvent('message', { data: { type: 'other' } }))
    worker.dispatchEvent(new MessageEvent('message', { data: { type: WAKE_TAG } }))
    stop()
    worker.dispatchEvent(new MessageEvent('message', { data: { type: WAKE_TAG } }))
    expect(woken).toHaveBeenCalledOnce()
    Reflect.deleteProperty(navigator, 'serviceWorker')
    await expect(askForWake()).resolves.toBeUndefined()
  })
})
