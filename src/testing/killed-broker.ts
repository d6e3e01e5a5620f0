import { Broker } from '../broker.ts'

/*
 * A broker as a process of its own, to be killed. It keeps its data in the folder of its argument, in small segments, and
 * sends its port when it listens. It ends with the channel.
 */
const broker = await Broker.start({
  host: '127.0.0.1',
  topics: { orders: 1 },
  dataDir: process.argv[2] as string,
  config: {
    'log.segment.bytes': 1_048_576,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.segment.bytes': 1_048_576,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.segment.bytes': 1_048_576,
  },
})
process.on('disconnect', () => void broker.stop())
process.send?.(Number(broker.bootstrapServers.split(':').at(-1)))
