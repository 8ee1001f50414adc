import { afterEach, beforeEach, expect, it } from 'vitest'

import type { ConflictRow } from '@/api/types'
import { applyPage } from '@/db/cache'
import { openConflicts } from '@/db/conflicts'
import { enqueue, settle, unsettled } from '@/db/outbox'
import ConflictPage from '@/features/me/ConflictPage.vue'
import SyncPage from '@/features/me/SyncPage.vue'
import { useSyncStore } from '@/stores/sync'

import { page as delivered } from '../fakeServer'
import { test, until, world, type World } from '../mount'

const CONFLICT: ConflictRow = {
  id: 'c1', kind: 'household_edit', target: 'h1', region: '220521901901901', place: '1幢1单元501', author_name: '周桂兰', mine: true, made_at: '2026-11-22T01:00:00Z', version: 1,
  fields: [
    { field: 'headcount', mine: 4, theirs: 5, theirs_by: '李站长', theirs_at: '2026-11-22T00:30:00Z' },
    { field: 'care', mine: ['infant'], theirs: null, theirs_by: '李站长', theirs_at: '2026-11-22T00:30:00Z' },
  ],
}

let here: World
beforeEach(async () => {
  here = await world('/me/sync')
  const sync = useSyncStore()
  sync.setRows([])
  sync.setConflicts([CONFLICT])
})
afterEach(() => here.db.delete())

it('a conflict needs the worker and stands on the sync page with who and what', () => {
  const sync = useSyncStore()
  expect([sync.badge, sync.attention]).toEqual(['needs-you', 1])
  const page = here.show(SyncPage)
  expect(test(page, 'conflict-row').text()).toContain('人数、需要关照：李站长也改过')
  page.unmount()
})

it('somebody else’s edit may be judged here, and does not press', () => {
  const sync = useSyncStore()
  sync.setConflicts([{ ...CONFLICT, mine: false }])
  expect([sync.badge, sync.attention, sync.toChoose.length]).toEqual(['done', 0, 1])
})

it('both values stand side by side; every field is chosen by a tap, and the choice goes up', async () => {
  const page = here.show(ConflictPage, { id: 'c1' })
  const [headcount, care] = page.findAll('[data-testid="conflict-field"]')
  expect(headcount!.text()).toContain('李站长')
  expect(headcount!.findAll('.value').map((each) => each.text())).toEqual(['4', '5'])
  expect(care!.findAll('.value').map((each) => each.text())).toEqual(['婴幼儿', '（空）'])
  await headcount!.find('[data-testid="choose-mine"]').trigger('click')
  await page.find('form').trigger('submit')
  expect(test(page, 'save-problem').text()).toContain('1 项没有选')
  await care!.find('[data-testid="choose-theirs"]').trigger('click')
  await page.find('form').trigger('submit')
  await until(async () => (await here.db.outbox.count()) === 1)
  const rows = await unsettled(here.db)
  expect(rows[0]).toMatchObject({ kind: 'conflict_choice', conflict: 'c1', body: { conflict: 'c1', version: 1, choices: { headcount: 'mine', care: 'theirs' } } })
  const sync = useSyncStore()
  sync.setRows(rows)
  expect([sync.badge, sync.toChoose.length]).toEqual(['waiting', 0])
  page.unmount()
})

it('values that changed once more are chosen from anew: what was tapped before counts no longer', async () => {
  const page = here.show(ConflictPage, { id: 'c1' })
  expect(page.find('[data-testid="conflict-again"]').exists()).toBe(false)
  for (const side of page.findAll('[data-testid="choose-mine"]')) await side.trigger('click')
  useSyncStore().setConflicts([{ ...CONFLICT, version: 2, fields: [{ ...CONFLICT.fields[0]!, theirs: 6 }] }])
  await page.vm.$nextTick()
  expect(test(page, 'conflict-again').text()).toContain('重新选')
  expect(page.findAll('[aria-checked="true"]')).toHaveLength(0)
  await page.find('[data-testid="choose-theirs"]').trigger('click')
  await page.find('form').trigger('submit')
  await until(async () => (await here.db.outbox.count()) === 1)
  expect((await unsettled(here.db))[0]).toMatchObject({ body: { version: 2, choices: { headcount: 'theirs' } } })
  page.unmount()
})

it('the author reads who chose, and what', async () => {
  const edit = { id: 'e1', kind: 'household_edit' as const, body: { household: 'h1', version: 1, changes: {} }, label: '1幢1单元501' }
  await enqueue(here.db, edit)
  await settle(here.db, [{ id: 'e1', state: 'needs-you', verdict: 'conflict', code: 'edited_elsewhere' }])
  const data = { state: 'chosen', choices: { headcount: 'theirs', care: 'mine' }, by: '李站长', at: '2026-11-22T02:00:00Z', mine: false }
  await applyPage(here.db, delivered([{ kind: 'conflict', id: 'e1', op: 'delete', data }]))
  const page = here.show(SyncPage)
  await until(async () => page.find('[data-testid="conflicts-ended"]').exists())
  expect(test(page, 'conflicts-ended').text()).toContain('李站长选定：人数用现有的、需要关照用您报的')
  page.unmount()
})

it('presses no longer once it is chosen, before anything is sent and after', async () => {
  const sync = useSyncStore()
  const look = async () => {
    sync.setRows(await unsettled(here.db))
    sync.setConflicts(await openConflicts(here.db))
    return [sync.badge, sync.attention]
  }
  await enqueue(here.db, { id: 'c1', kind: 'household_edit', body: { household: 'h1', version: 1, changes: {} }, label: '1幢1单元501' })
  await settle(here.db, [{ id: 'c1', state: 'needs-you', verdict: 'conflict', code: 'edited_elsewhere' }])
  expect(await look()).toEqual(['needs-you', 1])
  await applyPage(here.db, delivered([{ kind: 'conflict', id: 'c1', op: 'put', data: { ...CONFLICT } }]))
  expect(await look()).toEqual(['needs-you', 1])
  await enqueue(here.db, { id: 'x1', kind: 'conflict_choice', body: { conflict: 'c1', version: 1, choices: { headcount: 'mine', care: 'mine' } }, label: '', conflict: 'c1' })
  expect(await look()).toEqual(['waiting', 0])
  await settle(here.db, [{ id: 'x1', state: 'confirmed', verdict: 'created' }])
  expect(await look()).toEqual(['done', 0])
})
