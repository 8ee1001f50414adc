import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'

import { useDraft } from '@/components/useDraft'

import { until, world, type World } from '../mount'

let here: World
beforeEach(async () => (here = await world('/')))
afterEach(() => here.db.delete())

let draft!: ReturnType<typeof useDraft<{ note: string }>>
const form = defineComponent({
  setup() {
    draft = useDraft('form', { note: '' })
    return () => h('textarea', { value: draft.value.note, onInput: (event: Event) => (draft.value.note = (event.target as HTMLTextAreaElement).value) })
  },
})

it('what the page fills in by itself is no draft; what is typed is one, with it', async () => {
  const first = here.show(form)
  await draft.ready
  draft.value.note = '自动填的'
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await here.db.drafts.count()).toBe(0)
  first.unmount()
  const second = here.show(form)
  await draft.ready
  expect(draft.restored.value).toBe(false)
  await second.find('textarea').setValue('手写的')
  await until(async () => (await here.db.drafts.count()) === 1)
  second.unmount()
  const third = here.show(form)
  await draft.ready
  expect([draft.restored.value, draft.value.note]).toEqual([true, '手写的'])
  third.unmount()
})

it('a form that is saved leaves nothing behind, whatever is touched after the save', async () => {
  const shown = here.show(form)
  await draft.ready
  draft.finish()
  await shown.find('textarea').setValue('太晚')
  await new Promise((resolve) => setTimeout(resolve, 300))
  shown.unmount()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await here.db.drafts.count()).toBe(0)
})
