/** A listener that cannot be opened; the message is a sentence for its owner. */
export class BindError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BindError'
  }
}
