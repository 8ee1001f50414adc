import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import LoginPage from '@/features/login/LoginPage.vue'
import { noteExported } from '@/db/exports'
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

  it('of another user is refused while something is unsent, before the server is asked', async () => {
    const session = useSessionStore()
    await enqueue(here.db, visit())
    answer(200, { ...SESSION, user: { ...SESSION.user, id: 'b', username: 'grid2' } })
    await expect(session.signIn('grid2', 'x')).rejects.toMatchObject({ unsent: 1 })
    expect(fetch).not.toHaveBeenCalled()
    expect(session.session?.user.username).toBe('grid1')
  })

  it('of another user says whose records lie here, and leads to the ways on', async () => {
    await enqueue(here.db, visit())
    const page = here.show(LoginPage)
    await test(page, 'login-username').setValue('grid2')
    await test(page, 'login-password').setValue('x')
    await page.find('form').trigger('submit')
    await until(() => test(page, 'login-unsent').exists())
    expect(test(page, 'login-error').text()).toContain('周桂兰的 1 条')
    page.unmount()
  })

  it('of the same user under another spelling is no change of user', async () => {
    const session = useSessionStore()
    await enqueue(here.db, visit())
    answer(200, SESSION)
    await session.signIn('GRID1', 'x')
    expect(session.expired).toBe(false)
  })

  it('wipes what was sent of the user before, and keeps what was not should another get here all the same', async () => {
    const session = useSessionStore()
    const user = (id: string) => ({ ...SESSION, user: { ...SESSION.user, id } })
    answer(200, user('a'))
    await session.signIn('grid1', 'x')
    await enqueue(session.db!, visit())
    answer(200, user('b'))
    await session.signIn('grid1', 'x')
    await session.db!.open()
    expect(await databases()).toContain(userDbName('a'))
    answer(200, user('a'))
    await session.signIn('grid1', 'x')
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
    answer(200, { ...SESSION, user: { ...SESSION.user, id: 'c', username: 'grid9' } })
    await session.signIn('grid9', 'x')
    await session.db!.household.put({ id: 'h' } as never)
    expect(await databases()).toContain(userDbName('c'))
    answer(204, null)
    await session.signOut()
    expect(session.session).toBeNull()
    expect(localStorage.getItem('gridkeeper.session')).toBeNull()
    expect(await databases()).not.toContain(userDbName('c'))
  })

  it('gives up what was carried out, and nothing that was made since', async () => {
    const session = useSessionStore()
    answer(204, null)
    const first = await enqueue(here.db, visit())
    await expect(session.signOut({ giveUp: true })).rejects.toBeInstanceOf(UnsentError)
    await noteExported(here.db, [first])
    await enqueue(here.db, visit())
    await expect(session.signOut({ giveUp: true })).rejects.toMatchObject({ unsent: 1 })
    await noteExported(here.db, await here.db.outbox.toArray())
    await expect(session.signOut()).rejects.toBeInstanceOf(UnsentError)
    await session.signOut({ giveUp: true })
    expect(session.session).toBeNull()
  })

  it('everywhere does not pretend without the server, and takes an ended session for ended', async () => {
    const session = useSessionStore()
    answer(503, { code: 'unavailable', message: '' })
    await expect(session.signOut({ everywhere: true })).rejects.toMatchObject({ status: 503 })
    expect(session.session).not.toBeNull()
    answer(401, { code: 'not_signed_in', message: '' })
    await session.signOut({ everywhere: true })
    expect(session.session).toBeNull()
  })
})
