/** The browser's promise about our storage: asked once after sign-in; the answer and the use are shown on the sync page. */

export async function askToPersist(): Promise<boolean> {
  if (!navigator.storage?.persist) return false
  if (await navigator.storage.persisted?.()) return true
  return navigator.storage.persist().catch(() => false)
}

export interface StorageUse {
  persisted: boolean
  usedBytes: number
  quotaBytes: number
}

export async function storageUse(): Promise<StorageUse | null> {
  if (!navigator.storage?.estimate) return null
  const [estimate, persisted] = await Promise.all([navigator.storage.estimate(), navigator.storage.persisted?.() ?? false])
  return { persisted, usedBytes: estimate.usage ?? 0, quotaBytes: estimate.quota ?? 0 }
}
