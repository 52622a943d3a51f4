import type { Request } from 'express'
import type { HttpRequest } from 'oauth-resource-server'

/**
 * A request of Express as the core reads it. Members are read only when needed: each costs time, since Express gives every
 * request a hidden class of its own.
 */
export class RequestView implements HttpRequest {
  readonly raw: Request

  constructor(raw: Request) {
    this.raw = raw
  }

  get method(): string | undefined {
    return this.raw.method
  }
  get url(): string | undefined {
    return this.raw.url
  }
  get headers(): HttpRequest['headers'] {
    return this.raw.headers
  }
  get rawHeaders(): readonly string[] | undefined {
    return this.raw.rawHeaders
  }
  get body(): unknown {
    return this.raw.body as unknown
  }
  get originalUrl(): string | undefined {
    return this.raw.originalUrl
  }
  get originalMethod(): string | undefined {
    return (this.raw as { originalMethod?: string }).originalMethod
  }
}
