import { isAuthError } from 'oauth-resource-server'
import { type RemoteIssuer, remoteIssuer } from './remote-issuer.ts'
import { isMain, machine, numberArgument, offer, serverFor } from './tools.ts'

export interface RotationResult {
  readonly offered: number
  readonly seconds: number
  readonly goodRefused: number
  /** Fetches the new key cost. */
  readonly fetches: number
  /** Milliseconds until the first token under the new key was accepted. */
  readonly firstAcceptedMs: number
  /** Whether the withdrawn key was refused after the refresh that followed. */
  readonly withdrawnRefused: boolean
}

/**
 * Rotates the issuer's keys under load: a new key is published and used at once by every second request, the old
 * one is withdrawn later.
 */
export async function rotationUnderLoad(
  issuer: RemoteIssuer,
  seconds: number,
  perSecond = 5000,
): Promise<RotationResult> {
  let ahead = 0
  const api = await serverFor(issuer, { now: () => Date.now() + ahead * 1000 })
  const { issuer: name } = await issuer.about()
  const fetches = (): number => api.health().issuers[name]?.counters.fetches ?? 0
  const old = await issuer.signMany(100)
  let tokens = old
  let goodRefused = 0
  let firstAcceptedMs = NaN
  let rotatedAt = NaN
  const send = (index: number): void => {
    const token = tokens[index % tokens.length] as string
    api.verify(token).then(
      () => {
        if (Number.isNaN(firstAcceptedMs) && !old.includes(token))
          firstAcceptedMs = performance.now() - rotatedAt
      },
      () => (goodRefused += 1),
    )
  }
  await api.ready()
  let offered = await offer(seconds / 2, perSecond, send)

  await issuer.rotate(true)
  const fresh = await issuer.signMany(100)
  tokens = fresh.flatMap((token, index) => [token, old[index] as string])
  const before = fetches()
  rotatedAt = performance.now()
  offered += await offer(seconds / 2, perSecond, send)
  const cost = fetches() - before

  tokens = fresh
  await issuer.withdraw()
  ahead = 700
  offered += await offer(Math.min(1, seconds / 2), perSecond, send)
  const refusal: unknown = await api.verify(old[0] as string).catch((error: unknown) => error)
  return {
    offered,
    seconds,
    goodRefused,
    fetches: cost,
    firstAcceptedMs: Math.round(firstAcceptedMs * 10) / 10,
    withdrawnRefused: isAuthError(refusal) && refusal.status === 401,
  }
}

if (isMain(import.meta.url)) {
  const issuer = await remoteIssuer()
  console.log(machine())
  const result = await rotationUnderLoad(issuer, numberArgument('seconds', 20))
  console.log(result)
  if (result.goodRefused > 0 || result.fetches !== 1 || !result.withdrawnRefused) process.exitCode = 1
  issuer.close()
}
