/** Opening and deleting a user's database; the first call fetches the library. */
import type { UserDb } from './database'
import { userDbName } from './schema'

export async function openUserDb(userId: string): Promise<UserDb> {
  const { UserDb } = await import('./database')
  return new UserDb(userId)
}

export async function deleteUserDb(userId: string): Promise<void> {
  const { default: Dexie } = await import('dexie')
  await Dexie.delete(userDbName(userId))
}
