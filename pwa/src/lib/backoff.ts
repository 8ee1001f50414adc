/** Wait before the next try, in ms: exponential from 2 s to 5 min with full jitter, so that 200 phones do not return together. */
export const BACKOFF_BASE_MS = 2_000
export const BACKOFF_CAP_MS = 300_000

export function backoffDelay(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 20))
  return Math.round(ceiling / 2 + (random() * ceiling) / 2)
}
