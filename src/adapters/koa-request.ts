import type { Context } from 'koa'
import type { HttpRequest } from 'oauth-resource-server'

/** A request of Koa as the core reads it. Members are read only when needed: nearly every request needs two. */
export class RequestView implements HttpRequest {
  readonly raw: Context

  constructor(raw: Context) {
    this.raw = raw
  }

  get method(): string | undefined {
    return this.raw.req.method
  }
  get url(): string | undefined {
    return this.raw.req.url
  }
  get headers(): HttpRequest['headers'] {
    return this.raw.req.headers
  }
  get rawHeaders(): readonly string[] {
    return this.raw.req.rawHeaders
  }
  get body(): unknown {
    return (this.raw.request as { body?: unknown }).body
  }
  get originalUrl(): string {
    // That of another framework, where Koa is mounted in one.
    return (this.raw.req as { originalUrl?: string }).originalUrl ?? this.raw.originalUrl
  }
  get originalMethod(): string | undefined {
    return (this.raw.req as { originalMethod?: string }).originalMethod
  }
}
