import { InvalidRecords } from './invalid-records.ts'

/** A codec's library, loaded at its first use; where it cannot be loaded its codec is not supported. */
export function codecLibrary<T>(codec: string, load: () => T): () => T {
  let library: T | undefined
  return () => {
    if (library === undefined) {
      try {
        library = load()
      } catch (error) {
        throw new InvalidRecords('unsupported-compression', `The ${codec} codec cannot be loaded: ${String(error)}`, {
          cause: error,
        })
      }
    }
    return library
  }
}
