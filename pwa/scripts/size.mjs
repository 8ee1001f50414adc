// What the first load of the shell and today's list costs over the wire: `npm run build && npm run size`. Ends non-zero over the goal.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const GOAL_KB = 120
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

// The entry with all it imports, and what the shell and today's page fetch by themselves right after.
const AT_START = ['index.html', 'src/features/home/InstallHint.vue']
const files = new Set()

function take(key) {
  const chunk = manifest[key]
  if (!chunk || files.has(chunk.file)) return
  files.add(chunk.file)
  for (const sheet of chunk.css ?? []) files.add(sheet)
  for (const next of chunk.imports ?? []) take(next)
}

for (const key of AT_START) {
  if (!manifest[key]) throw new Error(`${key} is not in the build`)
  take(key)
}

let total = 0
for (const file of [...files].sort()) {
  const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length
  total += bytes
  console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`)
}
console.log(`${(total / 1000).toFixed(1).padStart(7)} kB  first load, gzip (goal ≤ ${GOAL_KB} kB)`)
if (total > GOAL_KB * 1000) process.exit(1)
