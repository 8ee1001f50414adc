/** How a queued record is called, and why it came back. */
import { useI18n } from 'vue-i18n'

import { awaitsChoice } from '@/db/conflicts'
import type { OutboxRow } from '@/db/schema'

export function useRecordWords() {
  const { t, te } = useI18n()

  function title(row: OutboxRow): string {
    const what = row.kind === 'visit' && row.outcome ? t(`outcome.${row.outcome}`) : row.kind === 'check' && row.session ? t('sync.checkOf', { session: t(`session.${row.session}`) }) : t(`kind.${row.kind}`)
    return [row.label, what].filter(Boolean).join(' · ')
  }

  /** The server's own sentence first; ours where it sent only a code. */
  function reason(row: OutboxRow): string {
    const said = row.message || (row.code && te(`reject.${row.code}`) ? t(`reject.${row.code}`) : t('reject.unknown', { code: row.code ?? '' }))
    return row.field && !row.message ? `${said}（${row.field}）` : said
  }

  /** What to do next, in one sentence. */
  function advice(row: OutboxRow): string {
    if (awaitsChoice(row)) return t('conflict.coming')
    return row.code && te(`rejectAdvice.${row.code}`) ? t(`rejectAdvice.${row.code}`) : t('rejectAdvice.default')
  }

  return { title, reason, advice }
}
