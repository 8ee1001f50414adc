/** When to sync: network back, app in front, a minute gone by, a record ready to go. The socket's return is wired in boot/. */
import type { SyncEngine } from './engine'

const EVERY_MS = 60_000
const MIN_WAIT_MS = 250

export interface Triggers {
  /** A record was saved or taken back: look again when the earliest may go. */
  poke: () => void
  stop: () => void
}

export function startTriggers(engine: SyncEngine, target: Window = window): Triggers {
  let timer: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  async function arm(): Promise<void> {
    const at = await engine.nextWake().catch(() => null)
    if (stopped) return
    clearTimeout(timer)
    if (at === null) return
    timer = setTimeout(() => void go({}), Math.max(MIN_WAIT_MS, at - Date.now()))
  }

  async function go(options: { force?: boolean; pull?: 'always' }): Promise<void> {
    if (stopped) return
    await engine.sync(options).catch(() => undefined)
    await arm()
  }

  const onOnline = () => void go({ force: true, pull: 'always' })
  const onVisible = () => {
    if (target.document.visibilityState === 'visible') void go({ force: true })
  }
  target.addEventListener('online', onOnline)
  target.document.addEventListener('visibilitychange', onVisible)
  target.addEventListener('focus', onVisible)
  const interval = setInterval(() => {
    if (target.document.visibilityState === 'visible') void go({})
  }, EVERY_MS)
  void go({ force: true, pull: 'always' })

  return {
    poke: () => void arm(),
    stop() {
      stopped = true
      clearTimeout(timer)
      clearInterval(interval)
      target.removeEventListener('online', onOnline)
      target.document.removeEventListener('visibilitychange', onVisible)
      target.removeEventListener('focus', onVisible)
    },
  }
}
