#!/usr/bin/env node
import module from 'node:module'

/*
 * What `grete` starts. The rest is imported only once the compile cache is on, which only later imports use: with it a second start
 * compiles nothing. Node has it since 22.1.
 */

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Grete needs Node.js 20.19 or later; this is ${process.versions.node}.`)
  process.exit(1)
}
const { enableCompileCache } = module as { enableCompileCache?: () => unknown }
enableCompileCache?.()
await import('./grete.ts')
