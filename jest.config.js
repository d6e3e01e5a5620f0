/** Tests run over the compiled output: Node, not jest, loads workers, and Node 20 loads no TypeScript. */
export default {
  roots: ['<rootDir>/dist/protocol', '<rootDir>/dist/src', '<rootDir>/dist/scripts'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 30_000,
}
