/** Region codes carry the tree in their prefix; widths by level: province 2, prefecture 4, county 6, township 9, village 12, cell 15. */

export type Level = 'province' | 'prefecture' | 'county' | 'township' | 'village' | 'grid'
const BY_LENGTH: Record<number, Level> = { 2: 'province', 4: 'prefecture', 6: 'county', 9: 'township', 12: 'village', 15: 'grid' }

export function levelOf(code: string): Level | null {
  return BY_LENGTH[code.length] ?? null
}

export function isWithin(code: string, prefix: string): boolean {
  return code.startsWith(prefix)
}
