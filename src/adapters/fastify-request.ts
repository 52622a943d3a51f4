import type { FastifyRequest } from 'fastify'
import type { HttpRequest } from 'oauth-resource-server'

/** A request of Fastify as the core reads it. Members are read only when needed: nearly every request needs two. */
export class RequestView implements HttpRequest {
  readonly raw: FastifyRequest

  constructor(raw: FastifyRequest) {
    this.raw = raw
  }

  get method(): string {
    return this.raw.method
  }
  get url(): string {
    return this.raw.url
  }
  get headers(): HttpRequest['headers'] {
    return this.raw.headers
  }
  get rawHeaders(): readonly string[] {
    return this.raw.raw.rawHeaders
  }
  get body(): unknown {
    return this.raw.body
  }
  get originalUrl(): string {
    return this.raw.originalUrl
  }
  get originalMethod(): string | undefined {
    return (this.raw.raw as { originalMethod?: string }).originalMethod
  }
}
