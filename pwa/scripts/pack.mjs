// Part of `npm run build`: beside every built text file its gzip, which the server hands out in its place (WhiteNoise). Without it
// an app of 300 kB costs a phone 840.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const TEXT = new Set(['.js', '.css', '.html', '.svg', '.webmanifest'])

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !TEXT.has(extname(entry.name))) continue
  const path = `${entry.parentPath}/${entry.name}`
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
}
