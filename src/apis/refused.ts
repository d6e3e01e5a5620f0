import { KafkaError } from '../../protocol/errors.ts'

/** The refusal of an element (a topic, a partition, a group) for its place in the response; anything else is no refusal and goes on up. */
export function refusalOf(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error
  throw error
}

/** Does something for an element; a KafkaError that it throws becomes the element's answer. */
export async function orRefused<T>(run: () => T | Promise<T>, refused: (error: KafkaError) => T): Promise<T> {
  try {
    return await run()
  } catch (error) {
    return refused(refusalOf(error))
  }
}
