import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'

/** Total memory, or the limit of the container or service that this process runs in. */
export function memoryBytes(): number {
  const total = totalmem()
  // Knows both versions of cgroups; 0 or a huge number where there is no limit.
  const constrained = process.constrainedMemory()
  return constrained > 0 && constrained < total ? constrained : total
}

/** How many file operations run at once. Opening, reading, syncing and looking up names share them. */
export function threadPoolSize(): number {
  const configured = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10)
  return Number.isFinite(configured) ? Math.min(1024, Math.max(1, configured)) : 4
}

/**
 * How many files may be open at once: half of the descriptors that this process may have, since clients' connections need
 * the rest. Node itself raises the process's limit as far as the system allows (`ulimit -Hn`).
 */
export function openFilesMax(): number {
  return Math.floor(descriptorsMaxIn(readText('/proc/self/limits')) / 2)
}

/** Linux's list of limits. Where there is none: what Windows gives, and macOS no less. */
export function descriptorsMaxIn(limits: string | null): number {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(limits ?? '') ?? []
  if (soft === 'unlimited') return descriptorsKnownMax
  return soft === undefined ? 8192 : Math.min(Number(soft), descriptorsKnownMax)
}

/** Beyond this more open files save nothing, and each costs memory of the system. */
const descriptorsKnownMax = 1 << 20

/**
 * The address through which this machine reaches others, null where it is not known. In a container, connections that
 * come through a mapped port come from there.
 */
export function defaultGateway(): string | null {
  return defaultGatewayIn(readText('/proc/net/route'))
}

/** Linux's routing table: the address stands there as the hexadecimal of a number in the machine's byte order. */
export function defaultGatewayIn(routes: string | null): string | null {
  const gatewayFlag = 0x2
  for (const line of (routes ?? '').split('\n').slice(1)) {
    const [, destination, gateway, flags] = line.split(/\s+/)
    if (destination !== '00000000' || gateway === undefined || !/^[0-9A-F]{8}$/.test(gateway)) continue
    if ((Number.parseInt(flags ?? '0', 16) & gatewayFlag) === 0) continue
    const address = new Uint8Array(Uint32Array.of(Number.parseInt(gateway, 16)).buffer)
    return [...address].join('.')
  }
  return null
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
