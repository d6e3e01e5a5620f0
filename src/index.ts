export { Broker, type BrokerOptions, StartError } from './broker.ts'
