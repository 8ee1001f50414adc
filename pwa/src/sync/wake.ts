/** What the service worker does when it is woken and no window is in front: it sends by itself. */
import { ApiError, setCsrf } from '@/api/client'
import { sessionRead } from '@/api/session'
import { deviceId } from '@/db/device'
import { openUserDb } from '@/db/open'

import { createSyncEngine } from './engine'

/** Something had to stay on the phone: the browser wakes again, later and later. */
class StillWaitingError extends Error {}

/** One run of the engine: what waits goes up, nothing is downloaded. Whose records, the cookie says; without one they wait. */
export async function sendWithoutWindow(): Promise<void> {
  const session = await sessionRead().catch((error: unknown) => {
    if (error instanceof ApiError) return null
    throw error
  })
  if (!session) return
  setCsrf(session.csrf)
  const db = await openUserDb(String(session.user.id))
  try {
    const engine = createSyncEngine({ db, device: await deviceId() })
    await engine.sync({ force: true, pull: 'never' })
    if ((await engine.nextWake()) !== null) throw new StillWaitingError()
  } finally {
    db.close()
  }
}
