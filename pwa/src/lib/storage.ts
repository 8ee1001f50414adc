/**
 * The browser's promise about our storage. It is asked for when it can be understood: after the first sign-in, and once more after
 * the first saved record, when the browser has seen that the app is used. A refusal is not argued with; it is said on the sync page.
 */

const ASKED_KEY = 'gridkeeper.persist-asked'
/** From here on the phone is told to make room. */
export const FULL_SOON = 0.8
export const FULL = 0.98

export async function askToPersist(): Promise<boolean> {
  if (!navigator.storage?.persist) return false
  if (await navigator.storage.persisted?.()) return true
  return navigator.storage.persist().catch(() => false)
}

/** Asks at each of the two moments once for all: a browser that asks its user must not ask him every day. */
export async function askToPersistAt(moment: 'sign-in' | 'first-record'): Promise<void> {
  const asked = (localStorage.getItem(ASKED_KEY) ?? '').split(' ')
  if (asked.includes(moment)) return
  localStorage.setItem(ASKED_KEY, [...asked, moment].filter(Boolean).join(' '))
  await askToPersist()
}

export interface StorageUse {
  persisted: boolean
  usedBytes: number
  /** 0 where the browser does not say. */
  quotaBytes: number
  /** 0 to 1. */
  share: number
}

const GIB = 2 ** 30

/** Some browsers name ten GiB more than is used, whatever room there is, so that nobody is known by his disk. */
function isMadeUp(used: number, quota: number): boolean {
  return quota > used && (quota - used) % GIB === 0
}

export async function storageUse(): Promise<StorageUse | null> {
  if (!navigator.storage?.estimate) return null
  const [estimate, persisted] = await Promise.all([navigator.storage.estimate(), navigator.storage.persisted?.() ?? false])
  const usedBytes = estimate.usage ?? 0
  const quotaBytes = isMadeUp(usedBytes, estimate.quota ?? 0) ? 0 : (estimate.quota ?? 0)
  return { persisted, usedBytes, quotaBytes, share: quotaBytes ? Math.min(1, usedBytes / quotaBytes) : 0 }
}

const RESERVE = 'gridkeeper-reserve'
/** Some days' records. */
const RESERVE_BYTES = 512 * 1024

/**
 * Puts room aside for the day on which there is none. Rows that are deleted give no room before the browser tidies up its files; a
 * file in the cache storage gives all of it at once. Where there is no room to put aside, there is none.
 */
export async function keepReserve(): Promise<void> {
  if (!('caches' in globalThis) || (await caches.has(RESERVE))) return
  const reserve = await caches.open(RESERVE)
  await reserve.put('/reserve', new Response(new Uint8Array(RESERVE_BYTES))).catch(() => caches.delete(RESERVE))
}

/** The browser deletes a file first and counts it later; a busy phone takes its time. */
const COUNTED_WITHIN_MS = 3000
const LOOK_EVERY_MS = 50

async function usedNow(): Promise<number | null> {
  return (await navigator.storage?.estimate?.().catch(() => null))?.usage ?? null
}

/** Gives the reserve back; resolves when the browser counts its room as free, or after three seconds. */
export async function freeReserve(): Promise<void> {
  if (!('caches' in globalThis) || !(await caches.has(RESERVE))) return
  const before = await usedNow()
  await caches.delete(RESERVE)
  if (before === null) return
  for (const end = Date.now() + COUNTED_WITHIN_MS; Date.now() < end; ) {
    const now = await usedNow()
    // Other files of ours grow and shrink meanwhile, by far less.
    if (now === null || now <= before - RESERVE_BYTES / 2) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
