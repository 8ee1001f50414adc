import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : [path]
  })
}

const source = files('src')
  .filter((path) => /\.(vue|ts)$/.test(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

describe('docs/phone.md', () => {
  const page = readFileSync('../docs/phone.md', 'utf8')
  const names = page.slice(page.indexOf('## Names for tests'))

  it('lists every test name that screens carry', () => {
    const used = [...source.matchAll(/[^:]data-testid="([\w-]+)"/g)].map((match) => match[1]!)
    expect(used.filter((name) => !names.includes(`\`${name}\``))).toEqual([])
  })
})

describe('the repository', () => {
  it('pins packages without naming a host', () => {
    expect(readFileSync('package-lock.json', 'utf8')).not.toContain('://')
  })

  it('has no inline script in its shell', () => {
    expect(readFileSync('index.html', 'utf8')).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/)
    expect(existsSync('public/icons/icon-512.png')).toBe(true)
  })
})
