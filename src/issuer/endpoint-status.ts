/** Statuses by which an endpoint refuses one question: others may still be answered. */
const refusalsOfOne: readonly (number | undefined)[] = [400, 413, 414, 415, 422, 431]

/** Tells whether a status refuses one question alone, as made-up tokens may cause it. */
export function refusesOne(status: number | undefined): boolean {
  return refusalsOfOne.includes(status)
}

/** Statuses that cannot heal by themselves, and what to do about them. */
const advice: ReadonlyMap<number, string> = new Map([
  [400, 'check clientId, clientSecret or privateKey, and authMethod, if every token is answered like this'],
  [401, 'check clientId, clientSecret or privateKey, and authMethod'],
  [403, 'allow this client to introspect tokens, at the issuer'],
  [404, 'check introspection.endpoint'],
  [405, 'check introspection.endpoint'],
  [410, 'check introspection.endpoint'],
])

/** What to do about a status that cannot heal by itself; `undefined` for any other. */
export function adviceOn(status: number | undefined): string | undefined {
  if (status === undefined) return undefined
  const isRedirect = status >= 300 && status < 400
  return isRedirect ? 'set introspection.endpoint to the final URL' : advice.get(status)
}
