/** A stored record of a type that this build does not know: written by a newer Kafka, or no record at all. */
export class UnknownRecordType extends Error {
  readonly type: number

  constructor(where: string, type: number) {
    super(`${where} has no records of type ${type}.`)
    this.name = 'UnknownRecordType'
    this.type = type
  }
}

/** A stored record of a known type in a version that this build does not know, so that its fields cannot be told. */
export class UnknownRecordVersion extends Error {
  readonly version: number

  constructor(name: string, version: number) {
    super(`${name} has no version ${version}.`)
    this.name = 'UnknownRecordVersion'
    this.version = version
  }
}
