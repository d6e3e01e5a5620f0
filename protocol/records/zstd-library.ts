import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type * as zlib from 'node:zlib'
import { codecLibrary } from './codec-library.ts'
import { loadModule, loadModuleIfPresent, moduleLoader } from './load-module.ts'

/** What is asked of a zstd library: whole buffers, and one frame into at most so many bytes. */
export interface ZstdLibrary {
  readonly name: string
  compress(bytes: Buffer, level: number): Buffer
  /** Null where the frame holds more than `outputBytesMax`; throws where it is broken. */
  decompressFrame(frame: Buffer, outputBytesMax: number): Buffer | null
}

/** zstd in `node:zlib`, since Node 22.15; the types that the project is built with are those of Node 20. */
interface ZlibWithZstd {
  zstdCompressSync?(bytes: Buffer, options: { params: Record<number, number> }): Buffer
  zstdDecompressSync?(bytes: Buffer, options: { maxOutputLength: number; chunkSize: number }): Buffer
  readonly constants: Record<string, number>
}

const chunkBytesMax = 256 * 1024

/** Node's own, or null where this Node has none. */
export function nodeZstd(): ZstdLibrary | null {
  const { zstdCompressSync, zstdDecompressSync, constants } = loadModule<typeof zlib>('node:zlib') as unknown as ZlibWithZstd
  if (zstdCompressSync === undefined || zstdDecompressSync === undefined) return null
  const levelParameter = constants['ZSTD_c_compressionLevel']!
  return {
    name: 'node:zlib',
    compress: (bytes, level) => zstdCompressSync(bytes, { params: { [levelParameter]: level } }),
    decompressFrame(frame, outputBytesMax) {
      try {
        const chunkSize = Math.min(Math.max(outputBytesMax, 64), chunkBytesMax)
        return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, outputBytesMax), chunkSize })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null
        throw error
      }
    },
  }
}

interface ZstdNapi {
  compress(bytes: Buffer, parameters: { compressionLevel: number }): Buffer
}

interface ZstdNapiBinding {
  readonly DCtx: new () => { decompress(output: Buffer, input: Buffer): number }
}

/** The native package for Node 20, if the user installed it: ours does not ask for it, since it compiles from source. */
export function installedZstd(): ZstdLibrary | null {
  const library = loadModuleIfPresent<ZstdNapi>('zstd-napi')
  const binding = library === null ? null : loadModuleIfPresent<ZstdNapiBinding>('zstd-napi/binding.js')
  if (library === null || binding === null) return null
  const context = new binding.DCtx()
  return {
    name: 'zstd-napi',
    compress: (bytes, level) => library.compress(bytes, { compressionLevel: level }),
    decompressFrame(frame, outputBytesMax) {
      const output = Buffer.allocUnsafeSlow(outputBytesMax)
      try {
        return output.subarray(0, context.decompress(output, frame))
      } catch (error) {
        if ((error as Error).message === 'Destination buffer is too small') return null
        throw error
      }
    },
  }
}

/** The compiler's libraries know WebAssembly only as a part of the browser. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => object
}

/** The part of the WebAssembly module's interface that is used; sizes and addresses are numbers within its memory. */
interface ZstdModule {
  readonly HEAPU8: Uint8Array
  instantiateWasm: (imports: object, receive: (instance: object) => void) => void
  init(): void
  _malloc(bytes: number): number
  _free(address: number): void
  _ZSTD_isError(result: number): number
  _ZSTD_compressBound(bytes: number): number
  _ZSTD_compress(output: number, outputBytes: number, input: number, inputBytes: number, level: number): number
  _ZSTD_decompress(output: number, outputBytes: number, input: number, inputBytes: number): number
}

/** A module's memory never shrinks, so one that had to grow beyond this is dropped after the call. */
const moduleBytesMax = 64 * 1024 * 1024
const destinationTooSmall = -70

function wasmModulePath(): string {
  return join(dirname(moduleLoader().resolve('@bokuweb/zstd-wasm')), 'zstd.js')
}

/** The package's own entry point loads asynchronously; records are read synchronously, so its module is loaded by file. */
function loadWasm(): ZstdModule {
  const path = wasmModulePath()
  const { Module: module } = loadModule<{ Module: ZstdModule }>(path)
  if (module.HEAPU8 === undefined) {
    const { Module: Compiled, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal }).WebAssembly
    const compiled = new Compiled(readFileSync(join(dirname(path), 'zstd.wasm')))
    module.instantiateWasm = (imports, receive) => receive(new Instance(compiled, imports))
    module.init()
  }
  return module
}

/** Zstd for every other Node 20. */
export function wasmZstd(): ZstdLibrary {
  let module: ZstdModule | undefined
  const run = (
    input: Buffer,
    outputBytes: number,
    call: (zstd: ZstdModule, to: number, from: number) => number,
  ): Buffer | null => {
    module ??= loadWasm()
    const to = module._malloc(Math.max(1, outputBytes))
    const from = module._malloc(Math.max(1, input.length))
    try {
      if (to === 0 || from === 0) return null
      module.HEAPU8.set(input, from)
      const result = call(module, to, from)
      if (result === destinationTooSmall) return null
      if (module._ZSTD_isError(result) !== 0) throw new Error(`zstd error ${-result}`)
      return Buffer.from(module.HEAPU8.subarray(to, to + result))
    } finally {
      module._free(to)
      module._free(from)
      if (module.HEAPU8.length > moduleBytesMax) {
        delete moduleLoader().cache[wasmModulePath()]
        module = undefined
      }
    }
  }
  return {
    name: '@bokuweb/zstd-wasm',
    compress(bytes, level) {
      module ??= loadWasm()
      const bound = module._ZSTD_compressBound(bytes.length)
      const output = run(bytes, bound, (zstd, to, from) => zstd._ZSTD_compress(to, bound, from, bytes.length, level))
      if (output === null) throw new Error(`No memory to compress ${bytes.length} bytes`)
      return output
    },
    decompressFrame: (frame, outputBytesMax) =>
      run(frame, outputBytesMax, (zstd, to, from) => zstd._ZSTD_decompress(to, outputBytesMax, from, frame.length)),
  }
}

export const zstdLibrary = codecLibrary('zstd', () => nodeZstd() ?? installedZstd() ?? wasmZstd())
