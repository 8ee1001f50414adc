/** Phone numbers: mainland mobile (11 digits, leading 1), or a landline with area code. Spaces, dashes and +86 are taken away. */

export function normalisePhone(text: string): string {
  const digits = text.replace(/[\uff10-\uff19]/g, (ch) => String.fromCharCode(ch.charCodeAt(0) - 0xfee0)).replace(/[\s\-()（）]/g, '')
  return digits.replace(/^(\+86|0086)/, '')
}

export function isPhone(text: string): boolean {
  const number = normalisePhone(text)
  return /^1\d{10}$/.test(number) || /^0\d{9,11}$/.test(number)
}
