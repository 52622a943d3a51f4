import { shownDetail } from '../detail.ts'
import { metadataHint } from '../hints/issuer.ts'
import type { Clock } from '../lib/clock.ts'
import { own } from '../lib/objects.ts'
import { isPassing } from './exchange.ts'
import { FetchError } from './fetch-error.ts'
import { type Fetch, getJson } from './fetch-json.ts'

/** What {@link searchedMetadata} works with. */
export interface MetadataSearch {
  readonly issuer: string
  readonly fetch: Fetch
  readonly clock: Clock
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** Milliseconds the whole search may take. */
  readonly leftMs: number
}

/** Metadata of an issuer, and where it was found. */
export interface FoundMetadata {
  readonly document: Readonly<Record<string, unknown>>
  readonly place: string
}

/**
 * Searches one or two places for the metadata of an issuer. The second is tried when the first yields none, whatever
 * the reason, and also when half of the time went by; the first that has metadata decides. Metadata of another issuer
 * ends the search at once: it must not be used (RFC 8414 §3.3), and the issuer contradicts itself.
 *
 * @throws {FetchError} the more telling one, when no place has it
 */
export async function searchedMetadata(
  [first = '', second]: readonly string[],
  search: MetadataSearch,
): Promise<FoundMetadata> {
  const loser = new AbortController()
  let cancelTimer = (): void => undefined
  const halfTime = new Promise<undefined>((resolve) => {
    cancelTimer = search.clock.schedule(search.leftMs / 2, () => {
      resolve(undefined)
    })
  })
  const signal = AbortSignal.any([search.signal, loser.signal])
  const at = (place: string): Promise<FoundMetadata | FetchError> => metadataAt(place, { ...search, signal })
  try {
    const atFirst = at(first)
    if (second === undefined) return checked(await atFirst)
    const early = await Promise.race([atFirst, halfTime])
    if (early !== undefined && !(early instanceof FetchError)) return early
    const atSecond = at(second)
    const next = await Promise.race(early === undefined ? [atFirst, atSecond] : [atSecond])
    if (!(next instanceof FetchError)) return next
    const answers = await Promise.all([atFirst, atSecond])
    return checked(answers.find((answer) => !(answer instanceof FetchError)) ?? moreTelling(answers))
  } finally {
    loser.abort()
    cancelTimer()
  }
}

function checked(answer: FoundMetadata | FetchError): FoundMetadata {
  if (answer instanceof FetchError) throw answer
  return answer
}

/** Metadata, or why there is none in this place. @throws {FetchError} when it is that of another issuer */
async function metadataAt(
  place: string,
  search: Omit<MetadataSearch, 'leftMs' | 'clock'>,
): Promise<FoundMetadata | FetchError> {
  let document: Readonly<Record<string, unknown>>
  try {
    document = (await getJson(place, search)).document ?? {}
  } catch (error) {
    const failure =
      error instanceof FetchError
        ? error
        : new FetchError('the metadata cannot be read', { cause: error, url: place })
    return isPassing(failure.status) ? failure : noMetadata(place, failure)
  }
  const issuer = own(document, 'issuer')
  if (typeof issuer !== 'string') return noMetadata(place)
  // Compared before anything else in the document is looked at.
  if (issuer !== search.issuer) {
    const message = 'the metadata names another issuer than the one configured'
    const hint = metadataHint(issuer, search.issuer)
    // Public: it is no claim of a token.
    const detail = shownDetail({ claim: 'iss', expected: search.issuer, actual: issuer, hint })
    throw new FetchError(message, { status: 200, url: place, detail })
  }
  return { document, place }
}

function noMetadata(url: string, cause?: FetchError): FetchError {
  const message = 'the issuer publishes no metadata'
  const status = cause?.status
  return status === undefined || isMissing(status)
    ? new FetchError(message, { status: 404, url })
    : new FetchError(`${message}: ${(cause as FetchError).message}`, { status, url })
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410
}

/** Prefers a 5xx to no response, and both to a document that is no metadata or is missing. */
function moreTelling(answers: readonly (FoundMetadata | FetchError)[]): FetchError {
  const failures = answers.filter((answer) => answer instanceof FetchError)
  const rank = ({ status }: FetchError): number =>
    status === undefined ? 1 : isPassing(status) ? 0 : isMissing(status) ? 3 : 2
  return failures.reduce((best, failure) => (rank(failure) < rank(best) ? failure : best))
}
