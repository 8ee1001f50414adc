/**
 * A form that edits what is on record: filled with what stands, saved as what was changed. What was emptied goes only after the
 * worker has said that he means it. A draft keeps the version it was begun on, so that it never overwrites what came meanwhile.
 */
import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute } from 'vue-router'

import type { BodyOf, EditKind } from '@/api/types'
import { readRecord } from '@/db/outbox'
import { useSessionStore } from '@/stores/session'

import { ask } from './say'
import { useDraft } from './useDraft'
import { showFirstFault, useSave } from './useSave'

export interface EditOptions<K extends EditKind, F extends object> {
  kind: K
  /** Of the draft. */
  key: string
  initial: F
  /** The form a sent-back edit came from. */
  again: (body: BodyOf[K]) => F
  /** Fields whose `null` is no emptying: another says it in their place. */
  plainNull?: readonly string[]
}

/** What EditFrame.vue shows of an edit. */
export interface EditState {
  ready: boolean
  /** A draft of it was kept. */
  restored: boolean
  busy: boolean
  problem: string
  startOver: () => Promise<void>
}

export interface EditToSave<K extends EditKind> {
  body: BodyOf[K]
  faulty: boolean
  label: string
  household?: string
  person?: string
  to: string
}

export function useEdit<K extends EditKind, F extends object>({ kind, key, initial, again, plainNull = [] }: EditOptions<K, F>) {
  const { t } = useI18n()
  const route = useRoute()
  const session = useSessionStore()
  const { busy, problem, save } = useSave()
  const replaces = typeof route.query.fix === 'string' ? route.query.fix : undefined
  const draft = useDraft<F>(replaces ? `fix:${replaces}` : key, initial)
  const ready = ref(false)
  const tried = ref(false)
  let observedAt: Date | undefined

  /** A rejected edit opened to be mended keeps its time, and its id, which is used again. */
  async function openSentBack(): Promise<void> {
    const db = replaces ? await session.opened() : null
    const row = db && replaces ? await readRecord(db, replaces) : undefined
    if (row?.kind !== kind || !row.body) return
    observedAt = new Date(row.observedAt)
    if (draft.restored.value) return
    Object.assign(draft.value, again(row.body as BodyOf[K]))
    draft.id.value = row.id
  }
  void draft.ready.then(openSentBack).finally(() => (ready.value = true))
  watch(draft.value, () => (problem.value = ''))

  async function mayEmpty(changes: object): Promise<boolean> {
    const emptied = Object.entries(changes).filter(([field, value]) => value === null && !plainNull.includes(field))
    if (!emptied.length) return true
    const names = emptied.map(([field]) => t(`field.${field}`)).join('、')
    return ask({ title: t('edit.emptyTitle'), message: t('edit.emptyMessage', { names }), confirm: t('edit.empty'), cancel: t('common.stay') })
  }

  async function submit({ body, faulty, label, household, person, to }: EditToSave<K>): Promise<void> {
    tried.value = true
    if (faulty) {
      problem.value = t('form.checkFields')
      return showFirstFault()
    }
    if (!Object.keys(body.changes).length) {
      problem.value = t('edit.nothing')
      return
    }
    if (busy.value || !(await mayEmpty(body.changes))) return
    await save(
      { id: draft.id.value, kind, body, label, household, person, draft: draft.key, observedAt, replaces },
      { finish: draft.finish, word: t('edit.saved'), to },
    )
  }

  const edit: EditState = reactive({ ready, restored: draft.restored, busy, problem, startOver: draft.clear })
  return { form: draft.value, edit, tried, submit }
}
