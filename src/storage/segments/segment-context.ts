import type { Buffers } from '../../environment/buffers.ts'
import type { ByteLimit } from '../../environment/byte-limit.ts'
import type { Clock } from '../../environment/environment.ts'
import type { Files } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import type { Durability, StorageDirectory } from '../storage.ts'
import type { GroupCommit } from './group-commit.ts'

/** What the partitions of one directory share. */
export interface SegmentContext {
  readonly directory: StorageDirectory
  readonly files: Files
  readonly buffers: Buffers
  readonly time: Clock
  readonly logger: Logger
  readonly durability: Durability
  readonly groupCommit: GroupCommit
  /** Bytes that were appended and are not written yet. */
  readonly unwritten: ByteLimit
}
