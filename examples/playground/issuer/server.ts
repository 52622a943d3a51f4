import type { RequestListener, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { usualLifetime } from '../facts.ts'
import type { IssuerMode, KeyView } from '../protocol.ts'
import { makeKeys, signWith, type SigningKey } from './keys.ts'
import { makePages } from './pages.ts'
import { makeProvider, type ProviderOptions } from './provider.ts'
import { isSignIn, signIn } from './sign-in.ts'
import { makeStorage } from './storage.ts'

/** The authorization server with its switches. */
export interface AuthorizationServer {
  readonly listener: RequestListener
  /** Down: connections are cut. Hanging: no request gets a response. Requests that hang are cut by the next change. */
  setMode(mode: IssuerMode): void
  readonly mode: () => IssuerMode
  /** Signs with new keys from now on. @param withdraw whether the old ones are no longer published */
  rotate(withdraw: boolean): Promise<void>
  readonly keys: () => readonly KeyView[]
  /** For access tokens issued from now on. Seconds. */
  setLifetime(seconds: number): void
  readonly lifetime: () => number
  /**
   * Signs claims that the server itself would never sign, so that a forgery differs from a valid token in one thing
   * alone. @throws {Error} when there is no key for the `alg` of the header
   */
  readonly sign: (claims: Claims, header: Claims) => Promise<string>
}

type Claims = Readonly<Record<string, unknown>>

/** Keys that are published. Older ones have no valid tokens any more, unless somebody rotates many times. */
const most = 8

/** Makes the authorization server; it needs the URLs of the others. */
export async function authorizationServer(
  options: Pick<ProviderOptions, 'issuer' | 'client' | 'logoutUrl'>,
): Promise<AuthorizationServer> {
  const pages = makePages(options.issuer, options.client)
  const storage = makeStorage()
  const hanging = new Set<ServerResponse>()
  let lifetime = usualLifetime
  let mode: IssuerMode = 'up'
  let keys: SigningKey[] = []
  let provider: Provider
  let listener: RequestListener

  function use(newKeys: SigningKey[]): void {
    keys = newKeys
    provider = makeProvider({ ...options, pages, keys, storage, lifetime: () => lifetime })
    listener = provider.callback()
  }
  use(await makeKeys())

  return {
    listener(request, response) {
      if (mode === 'down') {
        request.socket.destroy()
      } else if (mode === 'hanging') {
        hanging.add(response)
        response.once('close', () => hanging.delete(response))
      } else if (isSignIn(request)) {
        signIn(provider, request, response, pages).catch((error: unknown) => {
          response.destroy(error as Error)
        })
      } else {
        listener(request, response)
      }
    },
    setMode(next) {
      mode = next
      for (const response of hanging) response.socket?.destroy()
    },
    mode: () => mode,
    async rotate(withdraw) {
      const fresh = await makeKeys()
      use(withdraw ? fresh : [...fresh, ...keys].slice(0, most))
    },
    keys: () =>
      keys.map(({ kid, alg }, index) => ({
        kid,
        alg,
        inUse: keys.findIndex((key) => key.alg === alg) === index,
      })),
    setLifetime(seconds) {
      lifetime = seconds
    },
    lifetime: () => lifetime,
    async sign(claims, header) {
      const key =
        keys.find(({ kid }) => kid === header['kid']) ?? keys.find(({ alg }) => alg === header['alg'])
      if (key === undefined) throw new Error(`there is no key for ${String(header['alg'])}`)
      return Promise.resolve(signWith(key, claims, header))
    },
  }
}
