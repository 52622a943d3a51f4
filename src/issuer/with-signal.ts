import { FetchError } from './fetch-error.ts'

/**
 * Waits for work no longer than a signal lasts.
 *
 * Some runtimes (Workers) end a request's input and output without settling its promises or firing its timers. Then
 * this waits for ever. So callers check the age of a fetch by the steady clock, and start another one.
 *
 * @throws {FetchError} for every failure
 */
export async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort!: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => {
      reject(new FetchError('no complete response in time'))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, aborted])
  } catch (cause) {
    if (cause instanceof FetchError) throw cause
    throw new FetchError(signal.aborted ? 'no complete response in time' : 'the server cannot be reached', {
      cause,
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}
