import { groupUnderLoad } from '../group-under-load.ts'

groupUnderLoad('franz-go', [
  { protocol: 'classic' },
  { protocol: 'consumer' },
  { protocol: 'consumer', named: true },
  { protocol: 'classic', named: true, long: true },
  { protocol: 'classic', assignor: 'range', long: true },
])
