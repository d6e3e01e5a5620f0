import { defineApi } from '../schema/api.ts'
import { array, int8, int16, int32, nullable, string, struct } from '../schema/field.ts'

const topologyDescriptionNode = {
  name: string,
  nodeType: int8,
  sourceTopics: array(string),
  sinkTopic: nullable(string).default(null),
  stores: array(string),
  successors: array(string),
}

const topologyDescriptionSubtopology = {
  subtopologyId: string,
  nodes: array(topologyDescriptionNode),
}

const topologyDescriptionGlobalStore = {
  source: struct(topologyDescriptionNode),
  processor: struct(topologyDescriptionNode),
}

const topologyDescription = {
  subtopologies: array(topologyDescriptionSubtopology),
  globalStores: array(topologyDescriptionGlobalStore),
}

/** Hands in the description of a streams group's topology (KIP-1331). */
export const streamsGroupTopologyDescriptionUpdate = defineApi({
  key: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: '0',
  flexible: '0+',
  request: {
    groupId: string,
    memberId: string,
    topologyEpoch: int32,
    topologyDescription: struct(topologyDescription),
  },
  response: {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: nullable(string).default(null),
  },
})
