import { describe } from 'vitest'
import { missingRedis } from './redis-server.ts'

export * from './redis-server.ts'

/** Tests that need a real server; without one they say that they were skipped, and why. */
export const describeRedis = (name: string, tests: () => void): void => {
  describe.skipIf(missingRedis !== undefined)(
    missingRedis === undefined ? name : `${name} (${missingRedis})`,
    tests,
  )
}
