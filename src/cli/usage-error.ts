/** A command line that cannot be followed; the message is a sentence for who typed it. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
