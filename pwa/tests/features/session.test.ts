import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import LoginPage from '@/features/login/LoginPage.vue'
import { enqueue } from '@/db/outbox'
import { userDbName } from '@/db/schema'
import { UnsentError, useSessionStore } from '@/stores/session'

import { visit } from '../helpers'
import { SESSION, test, until, world, type World } from '../mount'

let here: World
beforeEach(async () => (here = await world('/login')))
afterEach(async () => {
  vi.unstubAllGlobals()
  await here.db.delete()
})

function answer(status: number, body: unknown): void {
  vi.stubGlobal('fetch', vi.fn().mockImplementation(() => Promise.resolve(new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }))))
}

async function databases(): Promise<string[]> {
  return (await indexedDB.databases()).map((each) => each.name ?? '')
}

describe('sign-in', () => {
  it('says what the server said', async () => {
    answer(401, { code: 'bad_credentials', message: '用户名或密码不正确。' })
    const page = here.show(LoginPage)
    await test(page, 'login-username').setValue('grid1')
    await test(page, 'login-password').setValue('x')
    await page.find('form').trigger('submit')
    await until(() => test(page, 'login-error').exists())
    expect(test(page, 'login-error').text()).toBe('用户名或密码不正确。')
    page.unmount()
  })

  it('says that nothing is lost when the server is away', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no')))
    const page = here.show(LoginPage)
    await test(page, 'login-username').setValue('grid1')
    await test(page, 'login-password').setValue('x')
    await page.find('form').trigger('submit')
    await until(() => test(page, 'login-error').exists())
    expect(test(page, 'login-error').text()).toContain('没有丢')
    page.unmount()
  })

  it('keeps the unsent records of the user before, and wipes what was sent', async () => {
    const session = useSessionStore()
    answer(200, { ...SESSION, user: { ...SESSION.user, id: 'a' } })
    await session.signIn('a', 'x')
    await enqueue(session.db!, visit())
    answer(200, { ...SESSION, user: { ...SESSION.user, id: 'b' } })
    await session.signIn('b', 'x')
    await session.db!.open()
    expect(await databases()).toContain(userDbName('a'))
    answer(200, { ...SESSION, user: { ...SESSION.user, id: 'a' } })
    await session.signIn('a', 'x')
    expect(await session.db!.outbox.count()).toBe(1)
    expect(await databases()).not.toContain(userDbName('b'))
    await session.db!.delete()
  })
})

describe('sign-out', () => {
  it('is refused while something is unsent, and changes nothing', async () => {
    const session = useSessionStore()
    answer(204, null)
    await enqueue(here.db, visit())
    await expect(session.signOut()).rejects.toBeInstanceOf(UnsentError)
    expect(session.session).not.toBeNull()
    expect(fetch).not.toHaveBeenCalled()
  })

  it('without network wipes the phone at once and tells the server later', async () => {
    const session = useSessionStore()
    answer(200, SESSION)
    await session.signIn('grid1', 'x')
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('no')))
    await session.signOut()
    expect(session.session).toBeNull()
    await session.settleSignOut()
    answer(204, null)
    await session.settleSignOut()
    expect(fetch).toHaveBeenCalledOnce()
    await session.settleSignOut()
    expect(fetch).toHaveBeenCalledOnce()
  })

  it('leaves nothing on the phone', async () => {
    const session = useSessionStore()
    answer(200, SESSION)
    await session.signIn('grid1', 'x')
    await session.db!.household.put({ id: 'h' } as never)
    answer(204, null)
    await session.signOut()
    expect(session.session).toBeNull()
    expect(localStorage.getItem('gridkeeper.session')).toBeNull()
    expect(await databases()).not.toContain(userDbName(String(SESSION.user.id)))
  })
})
