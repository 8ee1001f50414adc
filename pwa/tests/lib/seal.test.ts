import { webcrypto } from 'node:crypto'
import { gunzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { assemble, collect, type Collected, PART_LETTERS, toParts } from '@/lib/carriedText'
import { fromBase64, isSigned, sealFor, toBase64 } from '@/lib/seal'

const INFO = new TextEncoder().encode('gridkeeper carried records 1')

/** Opens as the server does. */
async function open(own: webcrypto.CryptoKey, sealed: Awaited<ReturnType<typeof sealFor>>): Promise<string> {
  const point = fromBase64(sealed.point)
  const theirs = await webcrypto.subtle.importKey('raw', point, { name: 'ECDH', namedCurve: 'P-256' }, false, [])
  const shared = await webcrypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, own, 256)
  const material = await webcrypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveKey'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: point, info: INFO }
  const key = await webcrypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, ['decrypt'])
  const packed = await webcrypto.subtle.decrypt({ name: 'AES-GCM', iv: fromBase64(sealed.nonce) }, key, fromBase64(sealed.sealed))
  return gunzipSync(Buffer.from(packed)).toString()
}

describe('sealing', () => {
  it('is opened by the holder of the key alone, and differs each time', async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    const point = toBase64(new Uint8Array(await webcrypto.subtle.exportKey('raw', pair.publicKey)))
    const text = JSON.stringify({ items: ['张三'.repeat(500)] })
    const [first, second] = await Promise.all([sealFor({ key: 'k', point }, text), sealFor({ key: 'k', point }, text)])
    expect(await open(pair.privateKey, first)).toBe(text)
    expect(first.sealed).not.toBe(second.sealed)
    const other = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
    await expect(open(other.privateKey, first)).rejects.toThrow()
  })

  it('knows what the server signed', async () => {
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign'])
    const point = toBase64(new Uint8Array(await webcrypto.subtle.exportKey('raw', pair.publicKey)))
    const text = new TextEncoder().encode('made 43')
    const signature = toBase64(new Uint8Array(await webcrypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, text)))
    expect(await isSigned({ key: 'k', point }, 'made 43', signature)).toBe(true)
    expect(await isSigned({ key: 'k', point }, 'made 44', signature)).toBe(false)
  })
})

describe('a file as QR codes', () => {
  const text = 'x'.repeat(PART_LETTERS * 3 + 5)

  it('is whole again whatever the order, with repeats and strangers between', async () => {
    const parts = await toParts(text)
    expect(parts).toHaveLength(4)
    let collected: Collected | undefined
    for (const code of [parts[2]!, 'https://example.org', parts[0]!, parts[2]!, parts[3]!, parts[1]!]) collected = collect(collected, code) ?? collected
    expect(await assemble(collected!)).toBe(text)
  })

  it('is not whole while a part is missing, or when parts of two files meet', async () => {
    const parts = await toParts(text)
    const other = await toParts(`${text}y`)
    let collected = collect(undefined, parts[0]!)
    expect(await assemble(collected!)).toBeUndefined()
    collected = collect(collected, other[1]!)
    expect(collected!.parts.size).toBe(1)
    const forged = { ...collect(undefined, parts[0]!)!, parts: new Map([1, 2, 3, 4].map((n) => [n, 'z'])) }
    expect(await assemble(forged)).toBeUndefined()
  })
})
