/** Bytes that are no message of the kind and version that they claim to be. The connection that sent them is closed. */
export class MalformedMessage extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MalformedMessage'
  }
}
