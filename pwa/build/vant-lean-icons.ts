/**
 * Vant's icon style sheet inlines a font of 60 kB. We draw our own SVG icons (components/AppIcon.vue), so its font face
 * and glyph rules are left out of the bundle; the few Vant components that ask for an icon get a slot or none.
 */
import type { Plugin } from 'vite'

const ICON_SHEET = /vant[\\/]es[\\/]icon[\\/]index\.css(\?|$)/

export function vantLeanIcons(): Plugin {
  return {
    name: 'gridkeeper:vant-lean-icons',
    enforce: 'pre',
    load(id) {
      if (!ICON_SHEET.test(id)) return null
      return '.van-icon{position:relative;display:inline-block;line-height:1}.van-icon__image{display:block;width:1em;height:1em;object-fit:contain}'
    },
  }
}
