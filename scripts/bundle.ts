import { chmodSync, writeFileSync } from 'node:fs'
import { type BuildOptions, build } from 'esbuild'

/*
 * What users start and require, made of the compiled modules: the command in one file, since a start that loads hundreds of files takes twice as long,
 * and a CommonJS entry, since Jest cannot require a package that is ES modules alone.
 */

/** Prebuilt binaries and WebAssembly stay where npm puts them. */
const external = ['@node-rs/crc32', 'snappy', 'lz4-napi', 'fs-native-extensions', '@bokuweb/zstd-wasm', 'zstd-napi']

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  external,
  logLevel: 'warning',
  legalComments: 'none',
}

await build({
  ...common,
  entryPoints: ['dist/src/cli/grete.js'],
  outfile: 'dist/grete.js',
  format: 'esm',
  minifySyntax: true,
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as makeRequire } from 'node:module'\nconst require = makeRequire(import.meta.url)",
  },
})
chmodSync('dist/grete.js', 0o755)

await build({
  ...common,
  entryPoints: ['dist/src/index.js'],
  outfile: 'dist/index.cjs',
  format: 'cjs',
  minifySyntax: true,
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
