/** Hand-overs of my cells in words, and the answers a worker gives: what is shown here holds without network. */
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'

import type { HandoverRow } from '@/api/handovers'
import type { BodyOf } from '@/api/types'
import { ask, say } from '@/components/say'
import { useFull } from '@/components/useFull'
import { useTick } from '@/components/useTick'
import { useWords } from '@/components/words'
import { handoversShown } from '@/db/handovers'
import { newId } from '@/lib/ids'
import { useRecorderStore } from '@/stores/recorder'
import { useResidentsStore } from '@/stores/residents'
import { useSyncStore } from '@/stores/sync'

const TICK_MS = 30_000
const VILLAGE_DIGITS = 12

export function useHandovers() {
  const { t } = useI18n()
  const words = useWords()
  const sync = useSyncStore()
  const residents = useResidentsStore()
  const recorder = useRecorderStore()
  const { explain } = useFull()
  const at = useTick(TICK_MS)
  const problem = ref('')
  /** The id an answer is given, made once: a double tap is one record. */
  const ids = new Map<string, string>()

  const all = computed(() => handoversShown(sync.handovers, sync.rows))
  const incoming = computed(() => all.value.filter((row) => row.incoming && row.state === 'offered'))
  const others = computed(() => all.value.filter((row) => !incoming.value.includes(row)).reverse())

  /** The last hand-over of a household or person. */
  function of(subject: string): HandoverRow | undefined {
    return all.value.findLast((row) => row.household === subject || row.person === subject)
  }

  /** A cell or village by its name: the delivered one, which tells one 第一网格 from another, or what the phone knows. */
  function placeName(code: string, delivered?: string | null): string {
    if (delivered) return delivered
    const known = residents.regions.get(code)
    const village = code.length > VILLAGE_DIGITS ? residents.regions.get(code.slice(0, VILLAGE_DIGITS)) : undefined
    return known ? `${village?.name ?? ''}${known.name}` : code
  }

  function taker(row: HandoverRow): string {
    return row.cell ? placeName(row.cell, row.cell_name) : placeName(row.to, row.to_name)
  }

  /** Where it stands, as one sentence, with what is left of its clock. */
  function sentence(row: HandoverRow): string {
    if (row.state === 'offered' && row.pending) return t('handover.sending', { to: taker(row) })
    if (row.state === 'offered') return t(row.incoming && !row.mine ? 'handover.yours' : 'handover.waiting', { to: taker(row), left: words.remaining(row.due_at, at.value).text })
    const said = t(`handover.state.${row.state}`, { to: taker(row), reason: row.decline_reason ? t(`handover.declineReason.${row.decline_reason}`) : '', when: words.when(row.answered_at ?? row.offered_at) })
    return row.pending ? `${said} ${t('handover.notSent')}` : said
  }

  function overdue(row: HandoverRow): boolean {
    return row.state === 'offered' && Boolean(row.due_at) && words.remaining(row.due_at, at.value).overdue
  }

  async function answer(row: HandoverRow, body: Omit<BodyOf['handover_answer'], 'handover'>, draft?: string): Promise<boolean> {
    const key = `${row.id}:${body.answer}`
    const id = ids.get(key) ?? newId()
    ids.set(key, id)
    problem.value = ''
    try {
      await recorder.save({ id, kind: 'handover_answer', body: { handover: row.id, ...body }, label: row.place, handover: row.id, draft })
    } catch (error) {
      problem.value = await explain(error)
      return false
    }
    say(t(`handover.said.${body.answer}`))
    return true
  }

  async function withdraw(row: HandoverRow): Promise<void> {
    const sure = await ask({ title: t('handover.withdrawTitle'), message: t('handover.withdrawMessage', { to: taker(row) }), confirm: t('handover.withdraw'), cancel: t('common.stay') })
    if (sure) await answer(row, { answer: 'withdrawn' })
  }

  return { incoming, others, problem, of, placeName, taker, sentence, overdue, answer, withdraw }
}
