import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import tseslint from 'typescript-eslint'

// Who may import whom (docs/phone.md, "Layers"). Each layer lists what it may reach; everything else of src/ is refused.
const LAYERS = {
  lib: [],
  locales: [],
  api: ['lib'],
  db: ['lib', 'api/types'],
  sync: ['lib', 'api', 'db'],
  realtime: ['lib', 'api', 'db'],
  stores: ['lib', 'locales', 'api', 'db', 'sync', 'realtime'],
  components: ['lib', 'locales', 'api', 'db', 'sync', 'realtime', 'stores'],
  features: ['lib', 'locales', 'api', 'db', 'sync', 'realtime', 'stores', 'components'],
  router: ['lib', 'locales', 'api', 'stores', 'components', 'features'],
  boot: ['lib', 'locales', 'api', 'db', 'sync', 'realtime', 'stores', 'components', 'router', 'styles'],
}
const ALL = [...Object.keys(LAYERS), 'styles', 'main', 'App.vue']
const FEATURES = ['login', 'home', 'households', 'visits', 'checks', 'returnees', 'people', 'alerts', 'reports', 'me']

function forbid(names, message) {
  return names.map((name) => ({ group: [`@/${name}`, `@/${name}/**`], message }))
}

const layerRules = Object.entries(LAYERS).map(([layer, allowed]) => {
  const typesOnly = allowed.filter((name) => name.includes('/'))
  const open = new Set([layer, ...allowed])
  const refused = ALL.filter((name) => !open.has(name) && !typesOnly.some((t) => t.startsWith(`${name}/`)))
  const patterns = forbid(refused, `layer "${layer}" may not import this (docs/phone.md, Layers)`)
  for (const name of typesOnly) {
    const [base, file] = name.split('/')
    patterns.push({ regex: `^@/${base}/(?!${file}$)`, message: `layer "${layer}" may import only ${name}` })
  }
  if (layer !== 'boot') patterns.push({ group: ['../../*'], message: 'import across folders by "@/…"' })
  return {
    files: [`src/${layer}/**/*.{ts,vue}`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  }
})

const featureRules = FEATURES.map((feature) => ({
  files: [`src/features/${feature}/**/*.{ts,vue}`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...forbid(['router', 'boot', 'main', 'styles'], 'features do not reach upward'),
          ...forbid(FEATURES.filter((other) => other !== feature).map((other) => `features/${other}`), 'features do not import each other'),
        ],
      },
    ],
  },
}))

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'dev-dist'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  {
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.vue'] } },
    rules: {
      'no-undef': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/attributes-order': 'off',
      'vue/require-default-prop': 'off',
      'vue/no-v-html': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    ignores: ['src/api/**'],
    rules: { 'no-restricted-globals': ['error', { name: 'fetch', message: 'HTTP lives in src/api' }, { name: 'XMLHttpRequest', message: 'HTTP lives in src/api' }] },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    ignores: ['src/db/**'],
    rules: { 'no-restricted-syntax': ['error', { selector: "ImportDeclaration[source.value='dexie'][importKind='value']", message: 'IndexedDB lives in src/db' }] },
  },
  ...layerRules,
  ...featureRules,
  { files: ['scripts/**'], rules: { 'no-console': 'off' } },
)
