/** Live reads: the callback runs now and after every change of what was read, also from another tab. */
import { liveQuery } from 'dexie'

export function watchQuery<T>(read: () => Promise<T>, onValue: (value: T) => void, onError: (error: unknown) => void = () => undefined): () => void {
  const subscription = liveQuery(read).subscribe({ next: onValue, error: onError })
  return () => subscription.unsubscribe()
}
