import type { Random } from '../../environment/environment.ts'
import type { MachineRandom } from '../machine.ts'

/** Randomness as a machine takes it: uuids in Java's text form, which clients and tools expect in member ids. */
export function machineRandom(random: Random): MachineRandom {
  return {
    uuid: () => {
      const bytes = random.bytes(16)
      bytes[6] = (bytes[6]! & 0x0f) | 0x40
      bytes[8] = (bytes[8]! & 0x3f) | 0x80
      const hex = bytes.toString('hex')
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
    },
  }
}
