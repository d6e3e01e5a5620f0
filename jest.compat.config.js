/** The compatibility tests: stock clients against a broker in a process of its own, over the compiled output. */
export default {
  roots: ['<rootDir>/dist/compat-tests'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testTimeout: 180_000,
  maxWorkers: 2,
}
