import type { Configuration } from 'openid-client'
import type { RunningApi } from '../apis/start.ts'
import type { AuthorizationServer } from '../issuer/server.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Traces } from '../traces.ts'
import type { Attacks } from './attacks.ts'

/** Where everything is. Without trailing slashes. */
export interface Urls {
  /** The one address to open. Plain HTTP. */
  readonly welcome: string
  readonly client: string
  readonly issuer: string
  readonly otherSite: string
}

/** What the client's server works with. */
export interface World {
  readonly urls: Urls
  /** Of all processes. */
  readonly apis: readonly RunningApi[]
  readonly server: AuthorizationServer
  readonly recorder: Recorder
  readonly traces: Traces
  readonly attacks: Attacks
  /** The client's registration at the authorization server. */
  readonly oidc: Configuration
  /** Whether revocations are shared through Redis. */
  readonly redis: boolean
}
