// kafkajs is tried with the unit tests, on this Node and the project's own dependencies: that needs no set-up.
process.env['NODE_ALONE'] = '1'

/** Tests run over the compiled output: Node, not jest, loads workers, and Node 20 loads no TypeScript. */
export default {
  roots: ['<rootDir>/dist'],
  testMatch: ['**/dist/{protocol,src,scripts}/**/*.test.js', '**/dist/compat-tests/kafkajs/kafkajs.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 60_000,
}
