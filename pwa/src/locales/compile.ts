/**
 * Our messages know one thing: `{name}`. This compiles them without the library's compiler, which the first load is spared
 * (vue-i18n's documented "custom message format"; the build takes its runtime-only file, see vite.config.ts).
 */
import type { MessageCompiler, MessageContext, MessageFunction } from 'vue-i18n'

const SLOT = /\{(\w+)\}/g

export const compileMessage: MessageCompiler = (message) => {
  const text = String(message)
  const render = (context: MessageContext<string>) => text.replace(SLOT, (_all, name: string) => String(context.named(name) ?? ''))
  return render as MessageFunction<string>
}
