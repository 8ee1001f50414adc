/** Body temperature in °C with one decimal, 35.0–42.5. The fever threshold is the policy's, never a constant here. */

export const TEMPERATURE_MIN = 35
export const TEMPERATURE_MAX = 42.5
/** Until the policy's own have been delivered. */
export const TEMPERATURE_PRESETS = [36.0, 36.2, 36.4, 36.5, 36.6, 36.8, 37.0, 37.2] as const

/** Reads what was typed: `366` and `36,6` and `36.6` are all 36.6. `null` when empty, `NaN` when it is no temperature. */
export function parseTemperature(text: string): number | null {
  const clean = text.trim().replace(/[,，。．]/g, '.')
  if (!clean) return null
  const number = /^\d{3}$/.test(clean) ? Number(clean) / 10 : Number(clean)
  if (!Number.isFinite(number) || number < TEMPERATURE_MIN || number > TEMPERATURE_MAX) return NaN
  return Math.round(number * 10) / 10
}

export function formatTemperature(value: number): string {
  return value.toFixed(1)
}
