/** Frame → what the app does about it. Exhaustive: a frame type without a branch does not compile. */
import type { AlertEvent } from '@/api/types'

import type { Frame } from './events'

export interface FrameHandlers {
  event: (event: AlertEvent) => void
  live: () => void
  ping: () => void
  dutiesChanged: () => void
  signedOut: () => void
}

export function dispatch(frame: Frame, handlers: FrameHandlers): void {
  switch (frame.type) {
    case 'hello':
      return
    case 'event':
      return handlers.event(frame.event)
    case 'live':
      return handlers.live()
    case 'ping':
      return handlers.ping()
    case 'bye':
      return frame.code === 'signed_out' ? handlers.signedOut() : handlers.dutiesChanged()
    default:
      return frame satisfies never
  }
}
