import { groupUnderLoad } from '../group-under-load.ts'

groupUnderLoad('confluent-kafka-javascript', [
  { protocol: 'classic' },
  { protocol: 'consumer' },
  { protocol: 'classic', named: true, long: true },
  { protocol: 'classic', assignor: 'cooperative-sticky', long: true },
])
