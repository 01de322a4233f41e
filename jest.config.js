/** Packages published as ES modules only, which jest has to compile like our own code. */
const esModules = [
  'kysely',
  'typebox',
  '@fastify/type-provider-typebox',
  'cookie',
  '@fastify/cookie',
  'altcha-lib',
  'ical-generator',
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // The first test that asks waits until PostgreSQL or Temporal is up, on a busy machine for a while.
  testTimeout: 60_000,
  globalSetup: '<rootDir>/test/support/servers.ts',
  globalTeardown: '<rootDir>/test/support/servers-teardown.ts',
  testMatch: [
    '<rootDir>/{domain,ledger,gateways,workflows,activities,workers,api,web,card-bridge,config,scripts,test}/**/*.test.ts',
  ],
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        // Beside the code, and read only for what failed: inline they would be read with it each time.
        sourceMaps: true,
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`, '<rootDir>/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.yiyue/'],
};
