import { DecisionDraft } from '../decision-draft.ts'
import type { CoordinatorRecord, MachineRandom } from '../machine.ts'
import type { ClassicGroup } from './classic/classic-group.ts'
import type { ConnectionTies } from './connection-ties.ts'
import type { ResolveRegexes } from './consumer/consumer-request.ts'
import type { ConsumerGroupConfig, GroupTopics } from './consumer/group-topics.ts'
import type { GroupImage, GroupSettings } from './group-settings.ts'

/** What a record needs besides key and value, at most, and what a batch needs besides its records. */
const recordOverheadBytes = 32
const batchOverheadBytes = 128

/** One decision in the making, with what it may look at besides the groups. */
export class Turn extends DecisionDraft<ResolveRegexes> {
  readonly nowMs: number
  readonly random: MachineRandom
  readonly settings: GroupSettings
  readonly ties: ConnectionTies
  readonly #image: GroupImage
  #classic: ClassicGroup | null = null

  constructor(nowMs: number, random: MachineRandom, settings: GroupSettings, image: GroupImage, ties: ConnectionTies) {
    super()
    this.nowMs = nowMs
    this.random = random
    this.settings = settings
    this.ties = ties
    this.#image = image
  }

  get topics(): GroupTopics {
    return this.#image.topics
  }

  /** What holds for a consumer group now. */
  consumerConfig(groupId: string): ConsumerGroupConfig {
    return this.#image.consumerConfig(groupId)
  }

  /** Whether the records fit into one batch of the internal topic, and so are written all or not at all. */
  fitsBatch(records: readonly CoordinatorRecord[]): boolean {
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + recordOverheadBytes, 0)
    return bytes + batchOverheadBytes <= this.settings.batchBytesMax
  }

  /** Whether members may keep that much more in memory. Those that need no more may go on, however full it is. */
  hasRoom(growthBytes: number): boolean {
    return growthBytes <= 0 || growthBytes <= this.#image.memberRoomBytes
  }

  /** The classic group that a consumer group becomes by this decision; null: none does. */
  get classic(): ClassicGroup | null {
    return this.#classic
  }

  becomes(classic: ClassicGroup): void {
    this.#classic = classic
  }
}
