import { createRequire } from 'node:module'

let load: NodeJS.Require | undefined

/**
 * A `require` that works in an ES module and in a CommonJS bundle, where `import.meta.url` is empty. Codecs and native
 * addons are loaded by it on first use: importing this folder does no work, and a broker starts without them.
 */
export function moduleLoader(): NodeJS.Require {
  load ??= createRequire(typeof __filename === 'string' ? __filename : import.meta.url)
  return load
}

/** Loads a module on first use; the caller names the type that it knows the module to have. */
export function loadModule<T>(name: string): T {
  return moduleLoader()(name) as T
}

/** Like `loadModule`, but null where the module is not installed or its native binary does not load on this machine. */
export function loadModuleIfPresent<T>(name: string): T | null {
  try {
    return loadModule<T>(name)
  } catch {
    return null
  }
}
