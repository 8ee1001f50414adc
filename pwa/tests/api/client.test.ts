import { afterEach, describe, expect, it, vi } from 'vitest'

import { ApiError, NoAnswerError, onSignedOut, request } from '@/api/client'
import { sessionOpen, sessionRead } from '@/api/session'
import { keys, pull, push } from '@/api/sync'

function answer(status: number, body: string, type = 'application/json', headers: Record<string, string> = {}): void {
  vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response(body, { status, headers: { 'content-type': type, ...headers } })))
}
afterEach(() => vi.unstubAllGlobals())

describe('an answer', () => {
  it('of our shape is thrown with its code', async () => {
    answer(409, '{"code":"wrong_state","message":"请刷新","field":"state"}')
    await expect(request('x/')).rejects.toMatchObject({ status: 409, code: 'wrong_state', message: '请刷新', field: 'state' })
  })

  it('of 200 with a page is none: a captive portal', async () => {
    answer(200, '<html>欢迎使用免费 Wi-Fi</html>', 'text/html')
    await expect(request('x/')).rejects.toMatchObject({ reason: 'not_ours' })
  })

  it('of 200 that claims JSON and is not, is none', async () => {
    answer(200, '<html>')
    await expect(request('x/')).rejects.toBeInstanceOf(NoAnswerError)
  })

  it('that does not call itself JSON is none, whatever it holds', async () => {
    answer(200, '{"results":[]}', 'text/html')
    await expect(push({ device: 'd', api_level: 1, sent_at: '', items: [] })).rejects.toMatchObject({ reason: 'not_ours' })
  })

  it('to a push without results is none', async () => {
    answer(200, '{"ok":true}')
    await expect(push({ device: 'd', api_level: 1, sent_at: '', items: [] })).rejects.toMatchObject({ reason: 'not_ours' })
  })

  it.each([() => sessionRead(), () => sessionOpen({ username: 'a', password: 'b', device: { id: 'd', name: 'n' } }), () => keys('d'), () => pull('', 10)])(
    'of a portal that speaks JSON is none: nobody is signed in by it, and none of its keys is kept',
    async (ask) => {
      answer(200, '{"code":0,"msg":"请先登录","url":"http://10.0.0.1/"}')
      await expect(ask()).rejects.toMatchObject({ reason: 'not_ours' })
    },
  )

  it('of a proxy is no answer of the server', async () => {
    answer(502, '<html>bad gateway', 'text/html')
    await expect(request('x/')).rejects.toBeInstanceOf(NoAnswerError)
    answer(500, '{"detail":"x"}')
    await expect(request('x/')).rejects.toMatchObject({ reason: 'server', status: 500 })
  })

  it('of 401 ends the session, but not while signing in', async () => {
    const ended = vi.fn()
    const stop = onSignedOut(ended)
    answer(401, '{"code":"bad_credentials","message":"x"}')
    await request('session/', { method: 'POST', signIn: true }).catch(() => undefined)
    expect(ended).not.toHaveBeenCalled()
    answer(401, '{"code":"not_signed_in","message":"x"}')
    await request('x/').catch(() => undefined)
    expect(ended).toHaveBeenCalledOnce()
    stop()
  })

  it('of 429 carries its wait', async () => {
    answer(429, '{"code":"too_many_requests","message":"x"}', 'application/json', { 'retry-after': '7' })
    await expect(request('x/')).rejects.toSatisfy((error) => error instanceof ApiError && error.retryAfterMs === 7000)
  })

  it('that never comes is no network', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('failed')))
    await expect(request('x/')).rejects.toMatchObject({ reason: 'offline' })
  })
})

describe('a request', () => {
  it('renews a token that turned over, once, and sends the same again', async () => {
    const calls: [string, RequestInit][] = []
    const answers = [
      new Response('{"code":"csrf_failed","message":"x"}', { status: 403, headers: { 'content-type': 'application/json' } }),
      new Response('{"csrf":"fresh"}', { status: 200, headers: { 'content-type': 'application/json' } }),
      new Response('{"ok":1}', { status: 200, headers: { 'content-type': 'application/json' } }),
    ]
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
      calls.push([url, init])
      return Promise.resolve(answers.shift()!)
    })
    await expect(request('x/', { method: 'POST', body: { a: 1 } })).resolves.toEqual({ ok: 1 })
    expect(calls.map(([url]) => url)).toEqual(['/api/v1/x/', '/api/v1/session/', '/api/v1/x/'])
    expect((calls[2]![1].headers as Record<string, string>)['X-CSRFToken']).toBe('fresh')
    expect(calls[2]![1].body).toBe(calls[0]![1].body)
  })
})
