// Registered globally, so that either build knows the errors of the other.
const mark = Symbol.for('oauth-resource-server.plain')

/** Marks an error whose message is a sentence of this library: no value of a request is in it, so it may be shown. */
export function plain<E extends object>(error: E): E {
  try {
    // The member alone is the mark: its value is never read.
    return Object.defineProperty(error, mark, {})
  } catch {
    // A frozen one stays as it is.
    return error
  }
}

/** The error for a program that uses this library wrongly. @param message what to do instead, without values of requests */
export function misuse(message: string): TypeError {
  return plain(new TypeError(message))
}

/** Tells whether the message of an error may be shown. */
export function isPlain(error: object): boolean {
  return Object.hasOwn(error, mark)
}

/** Runs a step whose every error has a message that may be shown. */
export function plainly<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw plain(error as Error)
  }
}
