export { Broker, type BrokerOptions, StartError } from './broker.ts'
export type { LoopDelays } from './environment/loop-delay.ts'
