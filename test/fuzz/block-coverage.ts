import { Session } from 'node:inspector/promises'

/** Tells which blocks of our sources ran, and how often, since it was asked last. */
export interface BlockCoverage {
  /** One text per block and order of magnitude. */
  readonly take: () => Promise<readonly string[]>
}

interface Ran {
  readonly url: string
  readonly functions: readonly {
    readonly ranges: readonly {
      readonly startOffset: number
      readonly endOffset: number
      readonly count: number
    }[]
  }[]
}

/** Starts V8's own block coverage; what was loaded before is seen less exactly, so load the sources afterwards. */
export async function blockCoverage(ours: RegExp): Promise<BlockCoverage> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return {
    async take() {
      const { result } = (await session.post('Profiler.takePreciseCoverage')) as { result: readonly Ran[] }
      return result
        .filter(({ url }) => ours.test(url))
        .flatMap(({ url, functions }) =>
          functions.flatMap(({ ranges }) =>
            ranges
              .filter(({ count }) => count > 0)
              .map(
                ({ startOffset, endOffset, count }) =>
                  `${url}:${startOffset}-${endOffset}*${Math.min(6, Math.floor(Math.log2(count)))}`,
              ),
          ),
        )
    },
  }
}
