/** 张* — what a list may show of a name the worker has just typed, until the server's own masked form arrives. */
export function maskName(name: string): string {
  const first = Array.from(name.trim())[0]
  return first ? `${first}*` : ''
}
