import type { Request, Response } from 'express'
import { buildEndSessionUrl } from 'openid-client'
import { escape, plainPage } from '../page/document.ts'
import { beginSignIn, errorOf, finishSignIn } from './oidc.ts'
import { endOfLogin, type Sessions } from './sessions.ts'
import type { World } from './world.ts'

/** The three routes of a sign-in and a sign-out. */
export interface SignInRoutes {
  readonly login: (request: Request, response: Response) => Promise<void>
  readonly callback: (request: Request, response: Response) => Promise<void>
  readonly logout: (request: Request, response: Response) => void
}

/** The browser carries a code and a state, which are of no use without what the server keeps. */
export function signInRoutes(world: World, sessions: Sessions): SignInRoutes {
  const { urls, oidc } = world
  return {
    async login(request, response) {
      const { user } = request.query
      const recordedFrom = Math.max(0, world.recorder.last() - 1)
      const { url, transaction } = await beginSignIn(
        oidc,
        urls.client,
        typeof user === 'string' ? user : undefined,
      )
      const replaces = sessions.find(request.headers.cookie)
      response.set('set-cookie', sessions.begin({ ...transaction, recordedFrom, replaces }))
      response.redirect(303, url.href)
    },
    async callback(request, response) {
      const transaction = sessions.finish(request.headers.cookie, request.query['state'])
      if (transaction === undefined) {
        fail(response, 'It was not begun in this browser, or it took too long.')
        return
      }
      const arrived = new URL(request.originalUrl, urls.client)
      const finished = await finishSignIn(oidc, arrived, transaction).catch(errorOf)
      if (typeof finished === 'string') {
        response.set('set-cookie', endOfLogin)
        fail(response, finished)
        return
      }
      const { tokens, user } = finished
      const { session, cookie } = sessions.create(transaction.replaces)
      Object.assign(session, { tokens, user, recordedFrom: transaction.recordedFrom })
      response.set('set-cookie', [cookie, endOfLogin])
      response.redirect(303, '/')
    },
    logout(request, response) {
      const old = sessions.find(request.headers.cookie)
      const { session, cookie } = sessions.create(old)
      session.recordedFrom = old?.recordedFrom ?? 0
      // The old access token is kept, to show that it is refused; a bound one needs its key for that.
      const previousAccess = old?.tokens?.access ?? old?.previousAccess
      if (previousAccess !== undefined) session.previousAccess = previousAccess
      if (old?.dpopKey !== undefined) session.dpopKey = old.dpopKey
      response.set('set-cookie', cookie)
      // The client's name is enough: an ID token in a URL would stay in histories and logs.
      const url = buildEndSessionUrl(oidc, { post_logout_redirect_uri: `${urls.client}/` })
      response.redirect(303, url.href)
    },
  }
}

function fail(response: Response, because: string): void {
  // A plain page has its style in itself.
  response.set(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  )
  const body = `<p>${escape(because)}</p><p><a class="button primary" href="/">Back to the playground</a></p>`
  response
    .status(400)
    .type('html')
    .send(plainPage({ title: 'The sign-in failed', body }))
}
