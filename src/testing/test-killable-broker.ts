import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach } from '@jest/globals'
import { ProtocolClient } from './protocol-client.ts'

/** A broker in a process of its own, and a client that is connected to it. */
export interface KillableBroker {
  readonly client: ProtocolClient
  /** Again, on the same folder. */
  start(): Promise<void>
  /** As `kill -9` does it. */
  kill(): Promise<void>
}

/** For each test of a file a broker with a folder of its own. */
export function killableBroker(folderPrefix: string): KillableBroker {
  let directory = ''
  let child: ChildProcess
  let client: ProtocolClient
  const broker: KillableBroker = {
    get client() {
      return client
    },
    async start() {
      child = fork(fileURLToPath(new URL('./killed-broker.js', import.meta.url)), [directory], { stdio: 'inherit', execArgv: [] })
      const [port] = (await once(child, 'message')) as [number]
      client = await ProtocolClient.connect(port)
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      await client.closed
    },
  }
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), folderPrefix))
    await broker.start()
  })
  afterEach(async () => {
    await client.close()
    await broker.kill()
    await rm(directory, { recursive: true, force: true })
  })
  return broker
}
