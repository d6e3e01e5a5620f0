import { ZERO_UUID } from '../../protocol/schema/field.ts'
import { MetadataLogRefused } from './metadata-log-refused.ts'

/** The file beside the metadata log in which KRaft keeps the epoch that it has seen, so that none is used twice. */
export const QUORUM_STATE_FILE = 'quorum-state'

export interface QuorumState {
  readonly leaderEpoch: number
  /** Null where the file does not say (kraft.version 1). */
  readonly voters: readonly number[] | null
}

export function decodeQuorumState(bytes: Buffer): QuorumState {
  const state = parsed(bytes)
  const { leaderEpoch, currentVoters } = state
  if (typeof leaderEpoch !== 'number' || !Number.isInteger(leaderEpoch)) {
    throw new MetadataLogRefused('The file quorum-state of the metadata log names no leaderEpoch.')
  }
  if (!Array.isArray(currentVoters)) return { leaderEpoch, voters: null }
  return { leaderEpoch, voters: currentVoters.map((voter: { readonly voterId?: unknown }) => Number(voter.voterId)) }
}

function parsed(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (error) {
    throw new MetadataLogRefused('The file quorum-state of the metadata log is not JSON.', { cause: error })
  }
  throw new MetadataLogRefused('The file quorum-state of the metadata log holds no object.')
}

/** As Kafka writes it for the one voter; with kraft.version 1 the voters stand in the log instead. */
export function encodeQuorumState(nodeId: number, leaderEpoch: number, kraftVersion: number): Buffer {
  const state =
    kraftVersion === 0
      ? {
          clusterId: '',
          leaderId: nodeId,
          leaderEpoch,
          votedId: -1,
          appliedOffset: 0,
          currentVoters: [{ voterId: nodeId }],
          data_version: 0,
        }
      : { leaderId: nodeId, leaderEpoch, votedId: -1, votedDirectoryId: ZERO_UUID, data_version: 1 }
  return Buffer.from(JSON.stringify(state))
}
