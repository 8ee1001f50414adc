/** How somebody came. Words for the codes are in the locales. */

export const TRANSPORTS = ['train', 'plane', 'coach', 'car', 'ship', 'other'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface ToldTransport {
  /** Empty: nobody said. */
  transport: Transport | ''
  transportNumber: string
}

/** What a record says of it, whatever version of the app made it: before there was a choice it was free text, and every word stays. */
export function transportOf(told: string | null | undefined, number: string | null | undefined): ToldTransport {
  const transport = TRANSPORTS.find((each) => each === told)
  return transport ? { transport, transportNumber: number ?? '' } : { transport: told ? 'other' : '', transportNumber: told ?? '' }
}
