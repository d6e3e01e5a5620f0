const sequenceMax = 0x7fffffff

/** Sequence numbers of a producer run from 0 to the int32 maximum and wrap to 0. */
export function incrementSequence(sequence: number, increment: number): number {
  return sequence > sequenceMax - increment ? increment - (sequenceMax - sequence) - 1 : sequence + increment
}

/** The sequence number `decrement` before `sequence`; before 0 comes the int32 maximum. */
export function decrementSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? sequenceMax - (decrement - sequence) + 1 : sequence - decrement
}
