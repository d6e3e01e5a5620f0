import type { Buffers } from '../../environment/buffers.ts'
import type { ByteLimit } from '../../environment/byte-limit.ts'
import type { Clock } from '../../environment/environment.ts'
import type { Files } from '../../environment/files.ts'
import type { Logger } from '../../environment/logger.ts'
import type { Durability, StorageDirectory } from '../storage.ts'
import type { GroupCommit } from './group-commit.ts'
import type { IndexCache } from './index-cache.ts'
import type { Journal } from './journal.ts'
import type { OffsetCheckpoints } from './offset-checkpoints.ts'
import type { LoadedIndex, SegmentIndex } from './segment-index.ts'

/** What the partitions of one directory share. */
export interface SegmentContext {
  readonly directory: StorageDirectory
  readonly files: Files
  readonly buffers: Buffers
  readonly time: Clock
  readonly logger: Logger
  readonly durability: Durability
  readonly groupCommit: GroupCommit
  /** Null where nothing is synced. */
  readonly journal: Journal | null
  readonly checkpoints: OffsetCheckpoints
  /** Of closed segments, one for all directories. */
  readonly indexes: IndexCache<SegmentIndex, LoadedIndex>
  /** Bytes that were appended and are not written yet. */
  readonly unwritten: ByteLimit
}
