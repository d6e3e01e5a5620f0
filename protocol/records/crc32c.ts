import { loadModule, loadModuleIfPresent } from './load-module.ts'

type Checksum = (bytes: Uint8Array, previous: number) => number

/** A call into the addon costs as much as checking some 200 bytes in JavaScript. */
const nativeFromBytes = 200

/** To load the addon costs as much as checking this in JavaScript, and more memory: a process that checks little does without. */
const scriptBytesMax = 64 * 1024

let scriptBytes = 0
let script: Checksum | undefined
let native: Checksum | undefined

function loadScript(): Checksum {
  const { buf } = loadModule<{ buf(bytes: Uint8Array, seed: number): number }>('crc-32/crc32c')
  return (bytes, previous) => buf(bytes, previous) >>> 0
}

function loadNative(): Checksum {
  const addon = loadModuleIfPresent<{ crc32c(bytes: Uint8Array, initialState: number): number }>('@node-rs/crc32')
  if (addon !== null) return (bytes, previous) => addon.crc32c(bytes, previous)
  script ??= loadScript()
  return script
}

/**
 * CRC-32C (Castagnoli), the checksum of record batches since magic 2. For bytes in several pieces the checksum of the
 * pieces before is handed on as `previous`.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  if (bytes.length < nativeFromBytes || isLittle(bytes.length)) {
    script ??= loadScript()
    return script(bytes, previous)
  }
  native ??= loadNative()
  return native(bytes, previous)
}

function isLittle(sizeBytes: number): boolean {
  if (native !== undefined || sizeBytes > scriptBytesMax) return false
  scriptBytes += sizeBytes
  return scriptBytes <= scriptBytesMax
}
