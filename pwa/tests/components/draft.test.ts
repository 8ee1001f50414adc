import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'

import { useDraft } from '@/components/useDraft'

import { world, type World } from '../mount'

let here: World
beforeEach(async () => (here = await world('/')))
afterEach(() => here.db.delete())

it('a form that is saved leaves nothing behind, whatever is touched after the save', async () => {
  let draft!: ReturnType<typeof useDraft<{ note: string }>>
  const form = defineComponent({
    setup() {
      draft = useDraft('form', { note: '' })
      return () => h('p', draft.value.note)
    },
  })
  const shown = here.show(form)
  await draft.ready
  draft.finish()
  draft.value.note = '太晚'
  await new Promise((resolve) => setTimeout(resolve, 300))
  shown.unmount()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await here.db.drafts.count()).toBe(0)
})
