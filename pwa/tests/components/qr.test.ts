import { mount } from '@vue/test-utils'
import decodeQR from 'qr/decode.js'
import { expect, it } from 'vitest'

import QrCode from '@/components/QrCode.vue'
import { PART_LETTERS } from '@/lib/carriedText'

/** The drawing as a camera would see it, `scale` points a module. */
function picture(path: string, size: number, scale = 4) {
  const width = size * scale
  const data = new Uint8ClampedArray(width * width * 4).fill(255)
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h/g)) {
    for (let dy = 0; dy < scale; dy += 1) {
      for (let dx = 0; dx < scale; dx += 1) data.fill(0, ((Number(y) * scale + dy) * width + Number(x) * scale + dx) * 4, ((Number(y) * scale + dy) * width + Number(x) * scale + dx) * 4 + 3)
    }
  }
  return { width, height: width, data }
}

it('draws a code that a camera reads back', () => {
  const text = `GK1:0123abcd:1/2:${'Ab+/='.repeat(PART_LETTERS / 5)}`
  const svg = mount(QrCode, { props: { text } })
  const size = Number(svg.attributes('viewBox')!.split(' ')[2])
  expect(decodeQR(picture(svg.find('path').attributes('d')!, size))).toBe(text)
})
