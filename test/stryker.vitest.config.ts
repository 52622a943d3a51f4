import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** The tests mutants are put before: what starts servers, takes seconds for each, or is about other files stays out. */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      exclude: [
        'test/fuzz/differential*.test.ts',
        'test/{adapters,consumers,soak,keys,rfc}/**',
        'test/attacks/{http,crash,server}.test.ts',
        'test/{architecture,discovery,examples,health,heap,http,oidc-provider,options,outcomes,package,testing}.test.ts',
      ],
    },
  }),
)
