/** Search on the phone: every word of the query must occur in the row's text. Texts are lower-cased once, not per keystroke. */

export interface Indexed<T> {
  row: T
  text: string
}

export function indexRows<T>(rows: readonly T[], textOf: (row: T) => string): Indexed<T>[] {
  return rows.map((row) => ({ row, text: textOf(row).toLowerCase() }))
}

export function searchRows<T>(index: readonly Indexed<T>[], query: string): T[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return index.map((each) => each.row)
  return index.filter((each) => words.every((word) => each.text.includes(word))).map((each) => each.row)
}
