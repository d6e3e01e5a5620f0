import { groupUnderLoad } from '../group-under-load.ts'

groupUnderLoad('java', [
  { protocol: 'classic' },
  { protocol: 'consumer' },
  { protocol: 'consumer', named: true, long: true },
  { protocol: 'classic', named: true },
  { protocol: 'classic', assignor: 'cooperative-sticky', long: true },
  { protocol: 'consumer', assignor: 'range', long: true },
])
