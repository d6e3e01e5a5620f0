import { errorCode } from '../../../protocol/errors.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import type { Group } from './group.ts'
import type { DescribedGroup } from './group-request.ts'

/** From this version on a group that is not there is an error instead of one in the state Dead (KIP-1043). */
const groupIdNotFoundVersion = 6

/** A group as DescribeGroups shows it, which knows classic ones only. Members tell their metadata only in a stable group. */
export function describeGroup(groupId: string, group: Group | undefined, version: number): DescribedGroup {
  if (!(group instanceof ClassicGroup)) return notFound(groupId, group, version)
  const isStable = group.state === 'Stable'
  return {
    groupId,
    errorCode: 0,
    groupState: group.stateName,
    protocolType: group.protocolType ?? '',
    protocolData: isStable ? (group.protocolName ?? '') : '',
    members: [...group.members].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: (isStable ? member.metadata(group.protocolName) : null) ?? Buffer.alloc(0),
      memberAssignment: member.assignment,
    })),
  }
}

function notFound(groupId: string, group: Group | undefined, version: number): DescribedGroup {
  const dead = { groupId, errorCode: 0, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
  if (version < groupIdNotFoundVersion) return dead
  const errorMessage = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a classic group.`
  return { ...dead, errorCode: errorCode('GROUP_ID_NOT_FOUND'), errorMessage }
}
