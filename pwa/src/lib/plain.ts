/** A plain copy of form state: reactive proxies cannot be stored, and `undefined` has no place on the wire. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
