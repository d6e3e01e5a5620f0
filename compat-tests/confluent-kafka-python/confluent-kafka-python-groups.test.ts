import { groupUnderLoad } from '../group-under-load.ts'

groupUnderLoad('confluent-kafka-python', [
  { protocol: 'classic' },
  { protocol: 'consumer' },
  { protocol: 'consumer', named: true, long: true },
  { protocol: 'classic', named: true, long: true },
  { protocol: 'classic', assignor: 'cooperative-sticky', long: true },
])
