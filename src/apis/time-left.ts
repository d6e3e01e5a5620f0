import { KafkaError } from '../../protocol/errors.ts'

/** A change of the cluster that may take no time at all is not begun, as in Kafka. */
export function checkTimeLeft(timeoutMs: number): void {
  if (timeoutMs <= 0) throw new KafkaError('REQUEST_TIMED_OUT')
}
