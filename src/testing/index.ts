export { createTestClock } from './clock.ts'
export type { TestClock } from './clock.ts'
export { fakeAuth } from './fake-auth.ts'
export type { FakeAuthOptions } from './fake-auth.ts'
export { fakeResourceServer } from './fake-resource-server.ts'
export type { FakeCaller, FakeResourceServerOptions } from './fake-resource-server.ts'
export type { Fault, FaultOptions } from './fault-names.ts'
export { createTestIssuer } from './issuer.ts'
export type { TestAlgorithm, TestJwk, TestJwks } from './keys.ts'
export type { TestMetadata } from './metadata.ts'
export type { TestAudience, TestIssuerOptions, TestServerOptions } from './options.ts'
export type {
  TestIssuer,
  TestIssuerApiOptions,
  TestRequest,
  TestServer,
  TestServerApiOptions,
} from './types.ts'
export { type RequestTrace, traceOf, type TraceStep } from './trace.ts'
