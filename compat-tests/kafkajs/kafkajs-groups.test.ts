import { groupUnderLoad } from '../group-under-load.ts'

groupUnderLoad('kafkajs', [{ protocol: 'classic' }])
