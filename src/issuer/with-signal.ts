import { FetchError } from './fetch-error.ts'

/**
 * Waits for work no longer than a signal lasts.
 *
 * Where the runtime ends a request's input and output without settling anything (Workers), the signal may never come
 * either, and then this waits for ever. So whoever waits for a fetch has to look at its age by the steady clock, and
 * start another one.
 *
 * @throws {FetchError} for whatever goes wrong
 */
export async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort!: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = (): void => {
      reject(new FetchError('no complete answer in time'))
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } catch (cause) {
    if (cause instanceof FetchError) throw cause
    throw new FetchError(signal.aborted ? 'no complete answer in time' : 'the server cannot be reached', {
      cause,
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    work.catch(() => undefined)
  }
}
