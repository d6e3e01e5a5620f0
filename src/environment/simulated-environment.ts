import { Buffers } from './buffers.ts'
import type { Environment } from './environment.ts'
import { seededRandom } from './random.ts'
import { RecordingLogger } from './recording-logger.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SystemFiles } from './system-files.ts'

/** The world of a test: time stands still, randomness comes from one seed, log lines are kept, buffers are checked. */
export interface SimulatedEnvironment extends Environment {
  readonly time: SimulatedClock
  readonly real: SimulatedClock
  readonly logger: RecordingLogger
}

export function simulatedEnvironment(seed = 1): SimulatedEnvironment {
  return {
    time: new SimulatedClock(),
    real: new SimulatedClock(),
    random: seededRandom(seed),
    logger: new RecordingLogger(),
    files: new SystemFiles(),
    buffers: new Buffers({ checked: true }),
  }
}
