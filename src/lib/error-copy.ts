/** What an error was at one time. */
export interface ErrorState<E extends Error> {
  readonly error: E
  readonly prototype: object | null
  readonly members: Readonly<PropertyDescriptorMap>
}

/** Notes what an error is. Lists in it are copied; its stack is not read, as that takes time. */
export function stateOfError<E extends Error>(error: E): ErrorState<E> {
  const members: PropertyDescriptorMap = {}
  for (const name of Object.getOwnPropertyNames(error)) {
    if (name === 'stack') continue
    const member = Object.getOwnPropertyDescriptor(error, name) as PropertyDescriptor
    members[name] =
      'value' in member
        ? { ...member, value: copyOfList(member.value), writable: true, configurable: true }
        : member
  }
  return { error, prototype: Object.getPrototypeOf(error) as object | null, members }
}

/** Makes an error like that one was, whatever was done to it since. It can be changed. */
export function errorOfState<E extends Error>({ error, prototype, members }: ErrorState<E>): E {
  // Made as an error, as some tools take nothing else for one.
  const copy = new Error()
  // V8 writes out the stack of the copy where another one takes its place, and not where it is deleted first.
  Reflect.deleteProperty(copy, 'stack')
  Object.setPrototypeOf(copy, prototype)
  return Object.defineProperties(copy as E, {
    ...members,
    stack: { get: () => error.stack, configurable: true },
  })
}

function copyOfList(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value
}
