import { defineConfig } from 'vitest/config'
import { shared } from './vitest.shared.ts'

/** The tests mutants are put before: what starts servers, takes seconds for each, or is about other files stays out. */
export default defineConfig({
  ...shared,
  test: {
    include: [
      'test/{caller,guards,http,issuer,jose,lib,options,platform,token}/**/*.test.ts',
      'test/{attacks,properties,vectors}/**/*.test.ts',
      'test/{detail,errors,framework,resource-server}.test.ts',
    ],
    exclude: ['test/attacks/{http,crash}.test.ts', 'test/issuer/{invariants,process}.test.ts'],
  },
})
