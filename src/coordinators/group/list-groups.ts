import type { Group } from './group.ts'
import type { ListedGroup, ListGroupsRequest } from './group-request.ts'
import { inKafkasOrder } from './kafka-order.ts'

/** The groups of the states and types that are asked for, in any case; of all where none is. What is not known matches nothing. */
export function listGroups(groups: Iterable<Group>, { statesFilter, typesFilter }: ListGroupsRequest): readonly ListedGroup[] {
  const states = new Set(statesFilter.map((state) => state.toLowerCase().trim()))
  const types = new Set(typesFilter.map((type) => type.toLowerCase()))
  const listed: ListedGroup[] = []
  for (const group of groups) {
    if (states.size > 0 && !states.has(group.stateName.toLowerCase())) continue
    if (types.size > 0 && !types.has(group.type)) continue
    const { groupId, protocolType, stateName: groupState, type: groupType } = group
    listed.push({ groupId, protocolType: protocolType ?? '', groupState, groupType })
  }
  return inKafkasOrder(listed, ({ groupId }) => groupId)
}
