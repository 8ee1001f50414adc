/**
 * A form that survives a killed tab: its value and the id of the record it will make are kept under `key` as they change.
 * `ready` resolves before the form shows, so that nothing typed is overwritten by what was kept. What the page itself fills in (the
 * only cell, the outcome that was asked for) is no draft before somebody types or taps.
 */
import { onScopeDispose, reactive, ref, watch } from 'vue'

import { dropDraft, readDraft, writeDraft } from '@/db/drafts'
import { newId } from '@/lib/ids'
import { plain } from '@/lib/plain'
import { useSessionStore } from '@/stores/session'

const WRITE_AFTER_MS = 250
const TOUCHES = ['input', 'change', 'click'] as const

export function useDraft<T extends object>(key: string, initial: T) {
  const session = useSessionStore()
  const value = reactive(plain(initial)) as T
  const id = ref(newId())
  const restored = ref(false)
  let done = false
  let touched = false
  let timer: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    const db = await session.opened()
    const kept = db && (await readDraft<Partial<T>>(db, key))
    if (!kept) return
    id.value = kept.id
    Object.assign(value, kept.value)
    restored.value = true
  }

  async function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (done || !touched || !session.db) return
    await writeDraft(session.db, { key, id: id.value, value: plain(value) }).catch(() => undefined)
  }

  const ready = load()
    .catch(() => undefined)
    .then(() => {
      watch(value, () => {
        clearTimeout(timer)
        timer = setTimeout(() => void write(), WRITE_AFTER_MS)
      })
    })

  const touch = () => (touched = true)
  for (const kind of TOUCHES) document.addEventListener(kind, touch, { capture: true })
  const flush = () => void (timer && write())
  document.addEventListener('visibilitychange', flush)
  window.addEventListener('pagehide', flush)
  onScopeDispose(() => {
    for (const kind of TOUCHES) document.removeEventListener(kind, touch, { capture: true })
    document.removeEventListener('visibilitychange', flush)
    window.removeEventListener('pagehide', flush)
    flush()
  })

  return {
    key,
    id,
    value,
    restored,
    ready,
    /** After the save, whose transaction has deleted the draft: nothing late may write it back. */
    finish(): void {
      done = true
      clearTimeout(timer)
      timer = undefined
    },
    async clear(): Promise<void> {
      Object.assign(value, plain(initial))
      id.value = newId()
      restored.value = false
      const db = await session.opened()
      if (db) await dropDraft(db, key)
    },
  }
}
