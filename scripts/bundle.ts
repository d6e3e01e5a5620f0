import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'

/*
 * What users start, import and require, made of the compiled modules. The command and the ES module share chunks: a start that loads
 * hundreds of files takes twice as long, and what few starts need (lines for people on a terminal) is a chunk of its own. The CommonJS
 * entry is one file, since Jest cannot require a package that is ES modules alone.
 */

/** Prebuilt binaries and WebAssembly stay where npm puts them, as do their loaders. */
const external = ['@node-rs/crc32', 'crc-32', 'snappy', 'lz4-napi', 'fs-native-extensions', '@bokuweb/zstd-wasm', 'zstd-napi']

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external,
  logLevel: 'warning',
  legalComments: 'none',
  minifySyntax: true,
  // Names stay: a stack in a bug report should say where.
  minifyWhitespace: true,
  metafile: true,
} as const satisfies BuildOptions

const modules = await build({
  ...common,
  entryPoints: { grete: 'dist/src/cli/launch.js', index: 'dist/src/index.js' },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  format: 'esm',
  // Some of what is bundled is CommonJS and requires Node's own modules.
  banner: { js: "import { createRequire as makeRequire } from 'node:module'\nconst require = makeRequire(import.meta.url)" },
})
chmodSync('dist/grete.js', 0o755)

const required = await build({
  ...common,
  entryPoints: ['dist/src/index.js'],
  outfile: 'dist/index.cjs',
  format: 'cjs',
  logOverride: { 'empty-import-meta': 'silent' },
})

writeFileSync(
  'dist/index.d.cts',
  `import type * as grete from './src/index.js' with { 'resolution-mode': 'import' }

export type BrokerOptions = grete.BrokerOptions
export type Broker = grete.Broker
export declare const Broker: typeof grete.Broker
export type StartError = grete.StartError
export declare const StartError: typeof grete.StartError
`,
)

const outputs = new Set(Object.keys(modules.metafile.outputs))
for (const file of readdirSync('dist/chunks')) if (!outputs.has(`dist/chunks/${file}`)) rmSync(join('dist/chunks', file))

/** What is bundled is passed on, so its licences are, too. */
const inputs = [modules, required].flatMap(({ metafile }) => Object.keys(metafile.inputs))
const bundled = [...new Set(inputs.flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []))].sort()
writeFileSync('dist/third-party-licenses.txt', bundled.map(licenseOf).join('\n\n'))

function licenseOf(name: string): string {
  const folder = join('node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each))
  const text = file === undefined ? (readme(folder) ?? '') : readFileSync(join(folder, file), 'utf8')
  return `${name} ${version} (${license})\n\n${text.trim()}\n`
}

/** Some packages have their licence at the end of their readme. */
function readme(folder: string): string | undefined {
  const path = join(folder, 'README.md')
  return existsSync(path) ? /^#+ *licen[cs]e[\s\S]*/im.exec(readFileSync(path, 'utf8'))?.[0] : undefined
}
