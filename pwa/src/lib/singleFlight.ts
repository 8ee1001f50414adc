/**
 * Runs one task at a time across all tabs of this origin (Web Locks); where the browser has none (plain HTTP on a LAN), across
 * this tab. Two tabs uploading the same record would be harmless — the id is claimed once — but wasteful.
 */
const held = new Map<string, Promise<unknown>>()

export async function exclusive<T>(name: string, task: () => Promise<T>): Promise<T> {
  if (typeof navigator !== 'undefined' && navigator.locks) return (await navigator.locks.request(name, task)) as T
  const before = held.get(name) ?? Promise.resolve()
  const run = before.then(task, task)
  held.set(
    name,
    run.catch(() => undefined),
  )
  return run
}
