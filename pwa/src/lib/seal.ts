/**
 * Sealing for the server alone (docs/hand-carry.md): ECDH on P-256 with a key made for this one text, HKDF-SHA-256, AES-256-GCM.
 * The phone cannot open what it sealed. WebCrypto exists in secure contexts only; `canSeal()` says so.
 */

const INFO = new TextEncoder().encode('gridkeeper carried records 1')
const CURVE = { name: 'ECDH', namedCurve: 'P-256' } as const
const CHUNK = 0x8000

export interface ServerKey {
  key: string
  /** 65 bytes, uncompressed, base64. */
  point: string
}

export interface Sealed {
  gridkeeper: 'carried'
  v: 1
  key: string
  point: string
  nonce: string
  sealed: string
}

export function canSeal(): boolean {
  return typeof crypto !== 'undefined' && crypto.subtle !== undefined && typeof CompressionStream !== 'undefined'
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += CHUNK) text += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  return btoa(text)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Response(text).body!.pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(packed).arrayBuffer())
}

/** `text`, packed and sealed for the holder of `server`. */
export async function sealFor(server: ServerKey, text: string): Promise<Sealed> {
  const own = await crypto.subtle.generateKey(CURVE, false, ['deriveBits'])
  const theirs = await crypto.subtle.importKey('raw', fromBase64(server.point), CURVE, false, [])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', own.publicKey))
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, own.privateKey, 256)
  const material = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey'])
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: point, info: INFO },
    material,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt'],
  )
  const nonce = crypto.getRandomValues(new Uint8Array(12))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, await gzip(text))
  return {
    gridkeeper: 'carried',
    v: 1,
    key: server.key,
    point: toBase64(point),
    nonce: toBase64(nonce),
    sealed: toBase64(new Uint8Array(sealed)),
  }
}

/** Whether the server signed `statement` (docs/receipts.md). */
export async function isSigned(server: ServerKey, statement: string, signature: string): Promise<boolean> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle.importKey('raw', fromBase64(server.point), algorithm, false, ['verify'])
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, fromBase64(signature), new TextEncoder().encode(statement))
}
