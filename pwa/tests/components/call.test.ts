import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'

import { type Callee, useCall } from '@/components/useCall'
import { useSessionStore } from '@/stores/session'

import { SESSION, until, world, type World } from '../mount'

let here: World
const dialled: string[] = []
beforeEach(async () => (here = await world()))
afterEach(async () => {
  dialled.length = 0
  vi.unstubAllGlobals()
  await here.db.delete()
})

function answer(status: number, body: unknown): ReturnType<typeof vi.fn> {
  const fetch = vi.fn().mockImplementation(() => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

function caller(who: Callee) {
  const page = here.show(
    defineComponent({
      setup: () => ({ ...useCall((address) => dialled.push(address)), who }),
      template: `<button v-if="mayCall" @click="call(who, 'visit')">call</button><p>{{ callProblem }}</p>`,
    }),
  )
  return { page, tap: () => page.find('button').trigger('click'), said: () => page.find('p').text() }
}

describe('calling', () => {
  beforeEach(() => (useSessionStore().session = { ...SESSION, capabilities: ['phone_call'] }))

  it('asks for one number with its purpose, dials it and stores nothing', async () => {
    const fetch = answer(200, { phone: '12900000001' })
    const { tap } = caller({ household: 'h-1' })
    await tap()
    await until(() => dialled.length === 1)
    expect(dialled).toEqual(['tel:12900000001'])
    expect(fetch.mock.calls[0]).toMatchObject(['/api/v1/households/h-1/call/', { method: 'POST', body: '{"purpose":"visit"}' }])
    expect(JSON.stringify(localStorage)).not.toContain('12900000001')
  })

  it('says that it needs the network, that none is on record, and what the server refuses', async () => {
    const { tap, said } = caller({ person: 'p-1', household: 'h-1' })
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no')))
    await tap()
    await until(() => said().includes('没有网络'))
    answer(200, { phone: '' })
    await tap()
    await until(() => said().includes('没有登记电话'))
    answer(429, { code: 'too_many_calls', message: '短时间内查号过多，请过一会儿再拨。' })
    await tap()
    await until(() => said().includes('查号过多'))
    expect(dialled).toEqual([])
  })

  it('is not offered to who may not', async () => {
    useSessionStore().session = { ...SESSION, capabilities: ['person_reveal'] }
    expect(caller({ household: 'h-1' }).page.find('button').exists()).toBe(false)
  })
})
