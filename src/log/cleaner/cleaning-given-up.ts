/** A cleaning was ended before it was done, by a stop, by retention, or because the log is no longer there for it: nothing is wrong. */
export class CleaningGivenUp extends Error {
  constructor() {
    super('The cleaning was given up')
    this.name = 'CleaningGivenUp'
  }
}
