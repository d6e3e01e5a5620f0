/** The metadata log cannot be continued; the message says why, in one sentence for the operator. */
export class MetadataLogRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MetadataLogRefused'
  }
}
