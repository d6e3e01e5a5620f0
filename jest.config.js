/** Tests run over the compiled output: Node, not jest, loads workers, and Node 20 loads no TypeScript. */
export default {
  roots: ['<rootDir>/dist'],
  testMatch: ['<rootDir>/dist/{protocol,src,scripts}/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 30_000,
}
