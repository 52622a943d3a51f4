// One import for tests of the issuer's keys: time, network and verdicts.
export * from './network.ts'
export * from './time.ts'
export { verdict } from './tokens.ts'
