/** Frames of /ws/alerts/ (docs/realtime.md). Mirrors the server's catalogue; an unknown frame is ignored, not an error. */
import type { AlertEvent } from '@/api/types'

export type Frame =
  | { type: 'hello'; last_seq: number; heartbeat_seconds: number }
  | { type: 'event'; event: AlertEvent }
  | { type: 'live' }
  | { type: 'ping'; at: string }
  | { type: 'bye'; code: 'duties_changed' | 'signed_out' }

const TYPES = new Set(['hello', 'event', 'live', 'ping', 'bye'])

export function parseFrame(text: unknown): Frame | null {
  if (typeof text !== 'string') return null
  try {
    const frame: unknown = JSON.parse(text)
    if (typeof frame !== 'object' || frame === null) return null
    const { type } = frame as { type?: unknown }
    if (typeof type !== 'string' || !TYPES.has(type)) return null
    if (type === 'event' && typeof (frame as { event?: { seq?: unknown } }).event?.seq !== 'number') return null
    return frame as Frame
  } catch {
    return null
  }
}
