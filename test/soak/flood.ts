import { isAuthError } from 'oauth-resource-server'
import { type RemoteIssuer, remoteIssuer } from './remote-issuer.ts'
import {
  forger,
  heldBytes,
  isMain,
  machine,
  numberArgument,
  offer,
  serverFor,
  watchEventLoop,
} from './tools.ts'

/** How the issuer is while forged key ids rain down. */
export const moods = ['up', 'failing', 'hanging'] as const
export type Mood = (typeof moods)[number]

export interface FloodResult {
  readonly mood: Mood
  readonly forged: number
  readonly fetches: number
  /** Fetches the rules allow in that time. */
  readonly budget: number
  readonly good: number
  readonly goodRefused: number
  readonly forgedAccepted: number
  readonly verdicts: Readonly<Record<string, number>>
  /** Bytes held a second after the flood, less those held before it. */
  readonly grownBytes: number
  readonly peakBytes: number
  readonly eventLoop: { readonly median: number; readonly p99: number; readonly max: number }
}

/** Sends distinct forged key ids among good tokens. */
export async function flood(
  issuer: RemoteIssuer,
  mood: Mood,
  seconds: number,
  perSecond = 10_000,
): Promise<FloodResult> {
  await issuer.heal()
  const api = await serverFor(issuer)
  const about = await issuer.about()
  const forge = forger(about.issuer, String(about.audience))
  const goodTokens = await issuer.signMany(50)
  await api.ready()
  if (mood !== 'up') await issuer.fail(mood === 'failing' ? '503' : 'hang')

  const verdicts: Record<string, number> = {}
  const result = { good: 0, goodRefused: 0, forgedAccepted: 0, peakBytes: 0 }
  const count = (verdict: string): void => void (verdicts[verdict] = (verdicts[verdict] ?? 0) + 1)
  const sendForged = (index: number): void => {
    api.verify(forge(`forged-${index}`)).then(
      () => (result.forgedAccepted += 1),
      (error: unknown) => count(isAuthError(error) ? `${error.status} ${error.reason}` : 'not ours'),
    )
  }
  const sendGood = (index: number): void => {
    result.good += 1
    api.verify(goodTokens[index % goodTokens.length] as string).catch(() => (result.goodRefused += 1))
  }

  const before = heldBytes()
  const delay = watchEventLoop()
  const forged = await offer(seconds, perSecond, (index) => {
    sendForged(index)
    if (index % 20 === 0) sendGood(index)
    if (index % 5000 === 0) result.peakBytes = Math.max(result.peakBytes, process.memoryUsage().heapUsed)
  })
  const eventLoop = delay()
  await issuer.heal()
  // What a hanging fetch still holds is let go when its five seconds are over.
  const fetchesLeft = mood === 'hanging' ? 5500 : 500
  await new Promise((resolve) => setTimeout(resolve, fetchesLeft))
  const { fetches } = api.health().issuers[about.issuer]?.counters ?? { fetches: 0 }
  return {
    mood,
    forged,
    fetches,
    // The first, a bucket of two, and one more each thirty seconds.
    budget: 1 + 2 + Math.floor((seconds + fetchesLeft / 1000) / 30),
    ...result,
    verdicts,
    grownBytes: heldBytes() - before,
    eventLoop,
  }
}

/** What is wrong with a result; nothing, if all is well. */
export function flaws(result: FloodResult): string[] {
  return [
    ...(result.fetches > result.budget ? [`${result.fetches} fetches, ${result.budget} allowed`] : []),
    ...(result.goodRefused > 0 ? [`${result.goodRefused} good tokens refused`] : []),
    ...(result.forgedAccepted > 0 ? [`${result.forgedAccepted} forged tokens accepted`] : []),
    ...(result.peakBytes > 150e6 ? [`${result.peakBytes} bytes of heap`] : []),
    ...(result.grownBytes > 8e6 ? [`${result.grownBytes} bytes never let go`] : []),
  ]
}

if (isMain(import.meta.url)) {
  const seconds = numberArgument('seconds', 60)
  const issuer = await remoteIssuer()
  console.log(machine())
  for (const mood of moods) {
    const result = await flood(issuer, mood, seconds)
    console.log(result)
    for (const flaw of flaws(result)) {
      console.error(`${mood}: ${flaw}`)
      process.exitCode = 1
    }
  }
  issuer.close()
}
