declare module 'fs-native-extensions' {
  /** False if somebody else holds the lock. */
  export function tryLock(descriptor: number): boolean
}
