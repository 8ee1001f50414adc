// What the first load of the shell and today's list costs over the wire: `npm run build && npm run size`. Ends non-zero over the goal.
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const GOAL_KB = 106
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

// The entry with all it imports, and what today's page fetches for itself.
const FOR_THE_LIST = ['index.html', 'src/features/home/InstallHint.vue']
// Fetched by itself when the list has been painted (src/boot/workspace.ts).
const RIGHT_AFTER = ['src/db/database.ts']
const files = new Set()

function take(key) {
  const chunk = manifest[key]
  if (!chunk || files.has(chunk.file)) return
  files.add(chunk.file)
  for (const sheet of chunk.css ?? []) files.add(sheet)
  for (const next of chunk.imports ?? []) take(next)
}

const kb = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} kB`

/** Bytes, gzip, of what `keys` need beyond what was taken before. */
function weigh(keys) {
  const before = new Set(files)
  for (const key of keys) {
    if (!manifest[key]) throw new Error(`${key} is not in the build`)
    take(key)
  }
  let sum = 0
  for (const file of [...files].filter((each) => !before.has(each)).sort()) {
    const bytes = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length
    sum += bytes
    console.log(`${kb(bytes)}  ${file}`)
  }
  return sum
}

const first = weigh(FOR_THE_LIST)
console.log(`${kb(first)}  first load, gzip (goal ≤ ${GOAL_KB} kB)`)
const after = weigh(RIGHT_AFTER)
console.log(`${kb(first + after)}  with what follows when the list has been painted`)
if (first > GOAL_KB * 1000) process.exit(1)
