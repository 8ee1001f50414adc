/** Passes on the sealed files of others (docs/hand-carry.md): once each, whatever happened to the last answer. */
import { ApiError } from '@/api/client'
import { bringIn as apiBringIn } from '@/api/sync'
import { noteFile, waitingFiles } from '@/db/brought'
import type { UserDb } from '@/db/schema'

/** Throws what the network throws; the file then waits. A refusal is the file's own, and is kept with its reason. */
export async function passOn(db: UserDb, bringIn: typeof apiBringIn = apiBringIn): Promise<void> {
  for (const file of await waitingFiles(db)) {
    try {
      const { author, counts } = await bringIn(file.text)
      const refused = counts.rejected + counts.conflict
      await noteFile(db, file.id, { state: 'done', author, created: counts.created, duplicates: counts.duplicate, refused })
    } catch (error) {
      if (!(error instanceof ApiError) || ![400, 403, 413].includes(error.status) || error.code === 'csrf_failed') throw error
      await noteFile(db, file.id, { state: 'refused', message: error.message })
    }
  }
}
