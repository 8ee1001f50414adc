/** How a first download is told: what has come, of how much, and how long it will still take at the pace so far. */
import type { Download } from '@/db/schema'

export interface Progress extends Download {
  secondsLeft: number | null
}

/** `rows` came in this run within `ms`; nothing is foretold before the first page is there. */
export function progressOf(download: Download, run: { rows: number; ms: number }): Progress {
  const left = download.total === null ? null : Math.max(0, download.total - download.rows)
  const known = left !== null && run.rows > 0 && run.ms > 0
  return { ...download, secondsLeft: known ? Math.ceil((left * run.ms) / run.rows / 1000) : null }
}
