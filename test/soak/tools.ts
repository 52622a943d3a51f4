import { cpus } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createResourceServer, type ResourceServer } from 'oauth-resource-server'
import type { RemoteIssuer } from './remote-issuer.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of the heap that something still holds on to. */
export function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Least-squares slope of samples `[x, y]`. */
export function slope(samples: readonly (readonly [number, number])[]): number {
  const mean = (index: 0 | 1): number =>
    samples.reduce((sum, sample) => sum + sample[index], 0) / samples.length
  const [x, y] = [mean(0), mean(1)]
  const above = samples.reduce((sum, sample) => sum + (sample[0] - x) * (sample[1] - y), 0)
  const below = samples.reduce((sum, sample) => sum + (sample[0] - x) ** 2, 0)
  return below === 0 ? 0 : above / below
}

/** A number given on the command line as `--name 7`. */
export function numberArgument(name: string, standard: number): number {
  const at = process.argv.indexOf(`--${name}`)
  const value = at === -1 ? standard : Number(process.argv[at + 1])
  if (!(value > 0)) throw new TypeError(`--${name}: must be a number above 0`)
  return value
}

/** Whether a module was started by itself. */
export function isMain(url: string): boolean {
  return (
    process.argv[1] !== undefined &&
    url.endsWith(process.argv[1].replaceAll('\\', '/').split('/').at(-1) as string)
  )
}

/** Reproducible chance: numbers from 0 up to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Offers work at a steady rate, as far as the machine gives it, without waiting for what was offered before. */
export async function offer(
  seconds: number,
  perSecond: number,
  send: (index: number) => void,
): Promise<number> {
  const begun = performance.now()
  let sent = 0
  for (;;) {
    const elapsed = (performance.now() - begun) / 1000
    if (elapsed >= seconds) return sent
    // No more than a slice at a time, so that answers are read in between.
    const due = Math.min(Math.floor(elapsed * perSecond), sent + perSecond / 20)
    while (sent < due) send(sent++)
    await pause(1)
  }
}

/** Delay of the event loop in milliseconds while something runs. */
export function watchEventLoop(): () => {
  readonly median: number
  readonly p99: number
  readonly max: number
} {
  const histogram = monitorEventLoopDelay({ resolution: 10 })
  histogram.enable()
  return () => {
    histogram.disable()
    // The timer that measures is itself 10 ms apart.
    const delay = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e6 - 10))
    return {
      median: delay(histogram.percentile(50)),
      p99: delay(histogram.percentile(99)),
      max: delay(histogram.max),
    }
  }
}

/** Counts promises nobody handled. */
export function watchRejections(): () => number {
  let count = 0
  const note = (): void => void (count += 1)
  process.on('unhandledRejection', note)
  return () => {
    process.off('unhandledRejection', note)
    return count
  }
}

/** A resource server that trusts the issuer of another process. */
export async function serverFor(issuer: RemoteIssuer, options: object = {}): Promise<ResourceServer> {
  const { issuer: name, audience, jwksUri } = await issuer.about()
  return createResourceServer({ issuer: name, audience: [audience].flat(), jwksUri, ...options })
}

/** A token under any key id, by nobody: right in everything but its signature. */
export function forger(issuer: string, audience: string): (kid: string) => string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 31_536_000
  const payload = encode({ iss: issuer, aud: audience, exp, sub: 'mallory' })
  const signature = Buffer.alloc(256, 7).toString('base64url')
  return (kid) => `${encode({ alg: 'RS256', typ: 'at+jwt', kid })}.${payload}.${signature}`
}

/** The machine and Node, for figures that mean nothing without them. */
export function machine(): string {
  const list = cpus()
  return `${list.length} × ${list[0]?.model.trim() ?? 'unknown processor'}, Node ${process.version}`
}
