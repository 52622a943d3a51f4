import { isAuthError, type ResourceServer } from 'oauth-resource-server'
import type { Fault } from 'oauth-resource-server/testing'
import { type RemoteIssuer, remoteIssuer } from './remote-issuer.ts'
import {
  forger,
  heldBytes,
  isMain,
  machine,
  numberArgument,
  offer,
  pause,
  seeded,
  serverFor,
  slope,
  watchEventLoop,
  watchRejections,
} from './tools.ts'

/** How much faster the resource server's clock runs: ten minutes are ten hours to it. */
const speed = 60
/** Seconds of its own clock until a change at the issuer is surely known, trouble aside. */
const known = 620
/** Real seconds after a fault in which the issuer may still be left alone, or a fetch still be under way. */
const afterTrouble = 5

const faults: Fault[] = [
  '503',
  '500',
  '404',
  'reset',
  'reset-body',
  'truncated',
  'html',
  'empty',
  'poisoned',
  'redirect',
  'hang',
]

/** Tokens of one key, and what is known of it. */
interface KeyTokens {
  readonly tokens: readonly string[]
  /** Whether a token of it was accepted, so that the key is held. */
  seen: boolean
  /** Moment of our own clock, in seconds, at which it was withdrawn. */
  withdrawnAt: number
}

export interface SoakResult {
  readonly requests: number
  readonly wrong: readonly string[]
  readonly unhandledRejections: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly rotations: number
  readonly fetches: number
  readonly failedFetches: number
  /** Bytes per minute over the second half. */
  readonly memorySlope: number
  readonly heldMegabytes: number
  readonly eventLoop: { readonly median: number; readonly p99: number; readonly max: number }
}

/** Drives mixed traffic against an oracle that knows which verdicts are right for each request. */
export async function soak(
  issuer: RemoteIssuer,
  minutes: number,
  perSecond: number,
  seed: number,
): Promise<SoakResult> {
  const random = seeded(seed)
  const begun = performance.now()
  const real = (): number => (performance.now() - begun) / 1000
  const start = Date.now()
  const api: ResourceServer = await serverFor(issuer, {
    now: () => start + (performance.now() - begun) * speed,
    // Half a second of real time: a fetch is over by the clock of the resource server.
    keyCache: { timeoutMs: 500 * speed },
    // Full within the first half, so that what grows in the second is a leak.
    tokenCache: { max: 250 },
  })
  const about = await issuer.about()
  const forge = forger(about.issuer, String(about.audience))
  const newKey = async (): Promise<KeyTokens> => ({
    tokens: await issuer.signMany(100),
    seen: false,
    withdrawnAt: Infinity,
  })
  const expired = await issuer.signMany(20, { iat: 999_999_000, exp: 1_000_000_000 })
  const elsewhere = await issuer.signMany(20, { aud: 'https://other-api.test' })

  let current = await newKey()
  const withdrawn: KeyTokens[] = []
  let previous: KeyTokens | undefined
  /** Until when, in real seconds, what the library does not hold may be answered with 503. */
  let troubleUntil = 0
  let rotations = 0
  let forging = true
  let requests = 0
  const verdicts: Record<string, number> = {}
  const wrong: string[] = []
  const rejections = watchRejections()
  const delay = watchEventLoop()

  function send(kind: string, token: string, right: (verdict: string) => boolean, key?: KeyTokens): void {
    requests += 1
    const judge = (verdict: string): void => {
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
      if (verdict === '200' && key !== undefined) key.seen = true
      if (!right(verdict) && wrong.length < 20) wrong.push(`${kind}: ${verdict} after ${real().toFixed(1)} s`)
    }
    api.verify(token).then(
      () => judge('200'),
      (error: unknown) => judge(isAuthError(error) ? `${error.status} ${error.reason}` : String(error)),
    )
  }

  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const inTrouble = (): boolean => real() < troubleUntil
  const unknownOr503 = (sentInTrouble: boolean) => (verdict: string) =>
    verdict === '401 unknown_key' || (verdict === '503 unavailable' && (sentInTrouble || inTrouble()))

  function sendOne(): void {
    const trouble = inTrouble()
    const dice = random()
    if (dice < 0.8) {
      const key = previous !== undefined && random() < 0.3 ? previous : current
      const held = key.seen
      send(
        'good',
        pick(key.tokens),
        (verdict) => verdict === '200' || (!held && trouble && verdict === '503 unavailable'),
        key,
      )
    } else if (dice < 0.85) send('expired', pick(expired), (verdict) => verdict === '401 expired')
    else if (dice < 0.88) send('for another API', pick(elsewhere), (verdict) => verdict === '401 audience')
    else if (dice < 0.93) {
      // Some other signature under a known key.
      const [head = '', payload = ''] = pick(current.tokens).split('.')
      const [, , signature = ''] = forge('any').split('.')
      const held = current.seen
      send(
        'tampered',
        `${head}.${payload}.${signature}`,
        (verdict) => verdict === '401 signature' || (!held && unknownOr503(trouble)(verdict)),
      )
    } else if (dice < 0.96) {
      if (forging) send('forged', forge(`forged-${Math.floor(random() * 1e9)}`), unknownOr503(trouble))
    } else {
      const old = withdrawn.at(-1)
      if (old === undefined || !forging) return
      // Its withdrawal is learned with the next refresh, which trouble may put off.
      const since = (real() - old.withdrawnAt) * speed
      const late = trouble || since < known + afterTrouble * speed
      send(
        'withdrawn',
        pick(old.tokens),
        (verdict) => (late && verdict === '200') || unknownOr503(trouble)(verdict),
      )
    }
  }

  /** Rotations and faults, one after the other, for as long as traffic goes on. */
  async function misfortune(until: number): Promise<void> {
    while (real() < until) {
      await pause(1000 + random() * 2000)
      const fault = pick(faults)
      troubleUntil = Infinity
      await issuer.fail(fault)
      await pause(200 + random() * 1500)
      await issuer.heal()
      troubleUntil = real() + afterTrouble
      await pause(afterTrouble * 1000)

      // A new key that is used at once needs the bucket, so nobody brings other unknown keys for two of its refills.
      forging = false
      await pause(1500)
      await issuer.rotate(true)
      const next = await newKey()
      previous = current
      current = next
      rotations += 1
      await pause(500)
      forging = true
      await pause(1000 + random() * 2000)
      const old = previous
      previous = undefined
      await issuer.withdraw()
      old.withdrawnAt = real()
      withdrawn.push(old)
      if (withdrawn.length > 1) withdrawn.shift()
      // Past the time in which the withdrawn key may still be accepted.
      await pause(Math.max(0, Math.min(((known + 300) / speed) * 1000, (until - real()) * 1000)))
    }
  }

  await api.ready()
  current.seen = true
  const seconds = minutes * 60
  const samples: [number, number][] = []
  const disturbing = misfortune(seconds)
  while (real() < seconds) {
    await offer(Math.min(5, seconds - real()), perSecond, sendOne)
    if (real() > seconds / 2) samples.push([real() / 60, heldBytes()])
  }
  await disturbing
  await pause(1000)
  const { fetches, failures } = api.health().issuers[about.issuer]?.counters ?? { fetches: 0, failures: 0 }
  return {
    requests,
    wrong,
    unhandledRejections: rejections(),
    verdicts,
    rotations,
    fetches,
    failedFetches: failures,
    memorySlope: Math.round(slope(samples)),
    heldMegabytes: Math.round(heldBytes() / 1e5) / 10,
    eventLoop: delay(),
  }
}

if (isMain(import.meta.url)) {
  const seed = numberArgument('seed', Date.now() % 1e6)
  const issuer = await remoteIssuer()
  console.log(`${machine()}, seed ${seed}`)
  const result = await soak(issuer, numberArgument('minutes', 10), numberArgument('rate', 2000), seed)
  console.log(result)
  if (result.wrong.length > 0 || result.unhandledRejections > 0) process.exitCode = 1
  issuer.close()
}
