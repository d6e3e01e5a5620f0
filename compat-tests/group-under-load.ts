import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BrokerProcess } from './broker-process.ts'
import { type Client, findClient } from './client-list.ts'
import { ClientProcess, type Membership } from './client-process.ts'
import { GroupHistory } from './group-history.ts'
import { SteadyWriter } from './steady-writer.ts'
import { waitUntil } from './wait-until.ts'

export interface GroupVariant extends Omit<Membership, 'instance'> {
  /** Its members have names of their own: one that comes back under its name has its partitions at once. */
  readonly named?: boolean
  /** Only in the long run. */
  readonly long?: boolean
}

const partitions = 6
/** What each member is to read before the group changes again. */
const enough = 50

/** Members are given up after 6 s, which is the least that Kafka allows by default. */
const properties = {
  'group.consumer.session.timeout.ms': '6000',
  'group.consumer.min.session.timeout.ms': '6000',
  'group.consumer.heartbeat.interval.ms': '500',
  'group.consumer.min.heartbeat.interval.ms': '500',
}

/** A group that grows to three members and shrinks to one, one of them by a crash, while records are written all the time. */
export function groupUnderLoad(name: string, variants: readonly GroupVariant[]): void {
  const client = findClient(name)
  describe(`a group of ${name} under load`, () => {
    if (client.missing) {
      test(`${name} runs`, () => {
        throw new Error(`not run: ${client.missing} is missing; compat-tests/setup.sh installs it`)
      })
      return
    }
    let broker: BrokerProcess
    beforeAll(async () => {
      broker = await BrokerProcess.start({ properties })
    })
    afterAll(() => broker?.stop())

    const chosen = variants.filter(({ long }) => !long || process.env['COMPAT_LONG'] === '1')
    test.each(chosen.map((variant) => [titleOf(variant), variant] as const))(
      '%s: 1 → 2 → 3 → 2 → 1, no record missed, none below a commit again, no partition with two owners',
      (title, variant) => growsAndShrinks(new GroupOfThree(client, broker.address, title.replaceAll(/\W+/g, '-'), variant)),
    )
  })
}

function titleOf({ protocol, named, assignor }: GroupVariant): string {
  return [`${protocol} protocol`, ...(named ? ['static members'] : []), ...(assignor ? [assignor] : [])].join(', ')
}

async function growsAndShrinks(group: GroupOfThree): Promise<void> {
  try {
    await group.start()
    await group.join('one')
    await group.haveSharedOut('one')
    await group.join('two')
    await group.haveSharedOut('one', 'two')
    await group.join('three')
    await group.haveSharedOut('one', 'two', 'three')
    // In the consumer protocol Kafka gives a name to another only when its owner has left, or was given up.
    await (group.variant.named && group.variant.protocol === 'consumer' ? group.leave('three') : group.crash('three'))
    if (group.variant.named) {
      await group.join('three')
      await group.haveSharedOut('one', 'two', 'three')
      await group.leave('three')
    }
    await group.haveSharedOut('one', 'two')
    await group.leave('two')
    await group.haveSharedOut('one')
    await group.finish('one')
  } finally {
    await group.stop()
  }
}

/** The processes of a group's members, one for each, and of the writer. */
class GroupOfThree {
  readonly variant: GroupVariant
  readonly #client: Client
  readonly #address: string
  readonly #name: string
  readonly #history = new GroupHistory()
  readonly #members = new Map<string, ClientProcess>()
  #writer: SteadyWriter | undefined

  constructor(client: Client, address: string, name: string, variant: GroupVariant) {
    this.#client = client
    this.#address = address
    this.#name = name
    this.variant = variant
  }

  async start(): Promise<void> {
    this.#writer = await SteadyWriter.start(new ClientProcess(this.#client, this.#address), this.#name, partitions)
  }

  async join(member: string): Promise<void> {
    const { protocol, assignor, named } = this.variant
    const process = new ClientProcess(this.#client, this.#address, (event) => this.#history.note(event))
    this.#members.set(member, process)
    const instance = named ? { instance: `${this.#name}-${member}` } : {}
    await process.work(member, this.#name, this.#name, { protocol, ...(assignor ? { assignor } : {}), ...instance })
  }

  /** Every partition has an owner, every one of these members has some and reads, and all that was written by now has come to somebody. */
  async haveSharedOut(...members: readonly string[]): Promise<void> {
    const shared = (): number[][] => members.map((member) => this.#history.partitionsOf(member))
    await waitUntil(
      async () => {
        const counts = shared().map((owned) => owned.length)
        return (counts.every((count) => count > 0) && counts.reduce((a, b) => a + b) === partitions) || undefined
      },
      () =>
        `${members.join(', ')} share the ${partitions} partitions; they have ${JSON.stringify(shared())}; ${this.#describe()}`,
    )
    await this.#haveRead(this.#writer!.written)
    const before = members.map((member) => this.#history.countOf(member))
    await waitUntil(
      async () => members.every((member, n) => this.#history.countOf(member) >= before[n]! + enough) || undefined,
      () => `each of ${members.join(', ')} reads ${enough} records more; ${this.#describe()}`,
    )
  }

  async crash(member: string): Promise<void> {
    const at = Date.now()
    await this.#members.get(member)!.kill()
    this.#history.crashed(member, at)
  }

  async leave(member: string): Promise<void> {
    const process = this.#members.get(member)!
    await process.leave(member)
    await process.stop()
    this.#history.crashed(member, Date.now())
  }

  /** The last member reads what is left; then all that happened is looked at. */
  async finish(last: string): Promise<void> {
    const written = await this.#writer!.stop()
    await this.#haveRead(written)
    await this.leave(last)
    expect(this.#history.faults(written)).toEqual({ missed: [], belowCommitted: [], twoOwners: [], failed: [] })
    expect(this.#history.committedCount).toBeGreaterThan(0)
    if (process.env['COMPAT_VERBOSE']) console.log(this.#describe())
  }

  async stop(): Promise<void> {
    await this.#writer?.stop().catch(() => {})
    await Promise.all([...this.#members.values()].map((process) => process.stop()))
  }

  async #haveRead(written: readonly string[]): Promise<void> {
    const values = [...written]
    await waitUntil(
      async () => values.every((value) => this.#history.values.has(value)) || undefined,
      () => {
        const missed = values.filter((value) => !this.#history.values.has(value))
        return `${values.length} records are read; missed are ${missed.length}, such as ${missed.slice(0, 5)}; ${this.#describe()}`
      },
    )
  }

  #describe(): string {
    const { deliveredCount, committedCount, refusedCount, values } = this.#history
    const counts = [...this.#members.keys()].map((member) => `${member} ${this.#history.countOf(member)}`).join(', ')
    const failures = [...this.#members.values()].map(({ failure }) => failure).join(' ')
    return (
      `${this.#client.name}, ${this.#name}: ${values.size} records delivered, ${deliveredCount - values.size} of them again (${counts}); ` +
      `${committedCount} commits acknowledged, ${refusedCount} refused ${JSON.stringify(this.#history.faults([]).failed)} ${failures}`
    )
  }
}
