/**
 * A carried file as QR codes: `GK1:<name>:<n>/<of>:<part>`, in any order (docs/hand-carry.md). `name` is the beginning of the
 * text's SHA-256, so parts of two files are never mixed, and a text that does not match its name is not whole.
 */

/** Letters of one code: a version a cheap camera reads from a scratched screen. */
export const PART_LETTERS = 700
const SHAPE = /^GK1:([0-9a-f]{8}):(\d{1,4})\/(\d{1,4}):([\s\S]+)$/

export async function nameOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return [...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function toParts(text: string): Promise<string[]> {
  const name = await nameOf(text)
  const of = Math.max(1, Math.ceil(text.length / PART_LETTERS))
  return Array.from({ length: of }, (_, index) => `GK1:${name}:${index + 1}/${of}:${text.slice(index * PART_LETTERS, (index + 1) * PART_LETTERS)}`)
}

export interface Collected {
  name: string
  of: number
  parts: Map<number, string>
}

/** Adds what a camera read; a code of another file starts over, anything else is passed by (undefined). */
export function collect(before: Collected | undefined, code: string): Collected | undefined {
  const [, name, n, of, part] = SHAPE.exec(code) ?? []
  const [index, count] = [Number(n), Number(of)]
  if (!name || !part || index < 1 || index > count) return undefined
  const same = before?.name === name && before.of === count
  const parts = new Map(same ? before.parts : [])
  return { name, of: count, parts: parts.set(index, part) }
}

/** The whole text, once every part is there and it is what its name says. */
export async function assemble({ name, of, parts }: Collected): Promise<string | undefined> {
  if (parts.size < of) return undefined
  const text = Array.from({ length: of }, (_, index) => parts.get(index + 1)!).join('')
  return (await nameOf(text)) === name ? text : undefined
}
