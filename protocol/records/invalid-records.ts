/**
 * What is wrong with the bytes of records.
 *
 * - `corrupt`: they were damaged, or never were a batch: sizes, magic, checksum, compressed bytes that do not unpack
 *   (Kafka's CorruptRecordException).
 * - `invalid`: the checksum may be right, but what was written contradicts itself (Kafka's InvalidRecordException).
 * - `unsupported-compression`: an unknown codec, or one that this installation lacks.
 * - `too-large`: they would unpack to more bytes than the caller allows.
 */
export type InvalidRecordsKind = 'corrupt' | 'invalid' | 'unsupported-compression' | 'too-large'

/** The one error that the readers of this folder throw, whatever the bytes are. */
export class InvalidRecords extends Error {
  readonly kind: InvalidRecordsKind

  constructor(kind: InvalidRecordsKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'InvalidRecords'
    this.kind = kind
  }
}
