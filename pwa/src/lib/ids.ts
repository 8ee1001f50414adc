/**
 * Client-made ids. A record's id is made when its form opens, so that two taps are one record (docs/sync.md).
 * Browsers make no UUIDv7, and `crypto.randomUUID` is missing on plain HTTP: both are built from random bytes.
 */

function hex(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

function stamp(bytes: Uint8Array, version: number): Uint8Array {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4)
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes
}

/** UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest random. The time bits are for index locality, never for order. */
export function newId(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  for (let i = 5, rest = nowMs; i >= 0; i -= 1) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return hex(stamp(bytes, 7))
}

/** UUIDv4, for the device itself: it says nothing about when the phone was set up. */
export function newDeviceId(): string {
  return hex(stamp(crypto.getRandomValues(new Uint8Array(16)), 4))
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}
