import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import en from '@/locales/en'
import ko from '@/locales/ko'
import zhHans from '@/locales/zh-Hans'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, prefix = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') found.set(prefix + key, value)
    else for (const [below, text] of flat(value, `${prefix}${key}.`)) found.set(below, text)
  }
  return found
}

const slots = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
const zh = flat(zhHans)

describe.each([
  ['en', flat(en)],
  ['ko', flat(ko)],
])('%s', (_name, other) => {
  it('has exactly the keys of Chinese', () => {
    expect([...other.keys()].sort()).toEqual([...zh.keys()].sort())
  })

  it('fills the same slots, and says something', () => {
    for (const [key, text] of zh) {
      expect(slots(other.get(key) ?? ''), key).toEqual(slots(text))
      expect(other.get(key)?.trim(), key).toBeTruthy()
    }
  })
})

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'locales' ? [] : sources(path)
    return /\.(ts|vue)$/.test(entry.name) ? [path] : []
  })
}

describe('the source', () => {
  const files = sources('src').map((path) => [path, readFileSync(path, 'utf8')] as const)

  it('asks only for words that exist', () => {
    for (const [path, text] of files) {
      for (const [, key] of text.matchAll(/\bt\(\s*'([\w.]+)'/g)) expect(zh.has(key!), `${path}: ${key}`).toBe(true)
      for (const [, prefix] of text.matchAll(/\bt\(\s*`([\w.]+\.)\$\{/g)) {
        expect([...zh.keys()].some((key) => key.startsWith(prefix!)), `${path}: ${prefix}…`).toBe(true)
      }
    }
  })

  it('writes no Chinese outside the locales, but for comments and data', () => {
    const data = ['provinces.ts', 'MePage.vue', 'walking.ts', 'phone.ts', 'temperature.ts']
    for (const [path, text] of files) {
      if (data.some((name) => path.endsWith(name))) continue
      const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '').replace(/<!--[\s\S]*?-->/g, '')
      expect(code.match(/[\u4e00-\u9fff]+/)?.[0], path).toBeUndefined()
    }
  })
})
