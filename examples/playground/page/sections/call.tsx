import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import type { ApiName } from '../../protocol.ts'
import { ActionButton, Choice, Note } from '../controls.tsx'
import { usePlayground } from '../playground.ts'

type Api = ApiName | 'all'
type Sent = 'current' | 'none' | 'id' | 'previous' | 'machine'

/** Every route of every framework, with a token of choice. */
export function Call(): VNode {
  const { state } = usePlayground()
  const [api, setApi] = useState<Api>('all')
  const [token, setToken] = useState<Sent>(state.accessToken === undefined ? 'none' : 'current')
  const missing = (there: unknown): string | undefined =>
    there === undefined ? 'There is none now' : undefined
  return (
    <>
      <p class="lead">
        The API verifies the token (who calls?) and then each route asks for more (may they?). 401 means: get
        another token. 403 means: the token is good, and still you may not.
      </p>
      <div class="choices">
        <Choice
          legend="Which API"
          value={api}
          onChange={setApi}
          options={[
            { value: 'all', text: 'All three' },
            { value: 'Express', text: 'Express' },
            { value: 'Fastify', text: 'Fastify' },
            { value: 'Koa', text: 'Koa' },
          ]}
        />
        <Choice
          legend="Which token"
          value={token}
          onChange={setToken}
          options={[
            { value: 'current', text: 'Mine', unless: missing(state.accessToken) },
            { value: 'none', text: 'None' },
            { value: 'id', text: 'My ID token', unless: missing(state.idToken) },
            { value: 'previous', text: 'My old one', unless: missing(state.previousAccessToken) },
            { value: 'machine', text: 'A program’s' },
          ]}
        />
      </div>
      <ul class="routes">
        {state.routes.map(({ name, needs }) => (
          <li key={name}>
            <span class="route">
              <code>{name}</code> <span class="needs">needs {needs}</span>
            </span>
            <ActionButton
              action="call"
              details={{ route: name, token, ...(api !== 'all' && { api }) }}
              label={`Call ${name}`}
              primary
            >
              Call
            </ActionButton>
          </li>
        ))}
      </ul>
      <Note>
        <p>
          A scope limits what the client may do for the user. A role says what the user may do at all. Bob is
          a reader: his token is valid on <code>DELETE /reports/1</code>, and no new token would help him.
          That is a 403.
        </p>
      </Note>
    </>
  )
}
