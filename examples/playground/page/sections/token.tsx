import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { ActionButton, Choice, Note } from '../controls.tsx'
import { usePlayground } from '../playground.ts'
import { Lifetime, TokenView } from '../token-view.tsx'

type Which = 'access' | 'id' | 'pasted'

/** Tokens taken apart: the session's, and any that is pasted. */
export function Token(): VNode {
  const { state } = usePlayground()
  const [which, setWhich] = useState<Which>(state.accessToken === undefined ? 'pasted' : 'access')
  const token = which === 'access' ? state.accessToken : state.idToken
  const unless = state.accessToken === undefined ? 'Sign in first' : undefined
  return (
    <>
      <p class="lead">
        A JWT has three parts: a header, a payload with the claims, and a signature over both. Anyone who
        holds it can read it. Only the signature makes it hard to forge.
      </p>
      <Choice
        legend="Which token"
        value={which}
        onChange={setWhich}
        options={[
          { value: 'access', text: 'Access token', unless },
          {
            value: 'id',
            text: 'ID token',
            unless: state.idToken === undefined ? 'Sign in first' : undefined,
          },
          { value: 'pasted', text: 'One that I paste' },
        ]}
      />
      {which === 'pasted' ? <Pasted /> : null}
      {which !== 'pasted' && token === undefined ? (
        <Note>
          <p>
            There is no token now. <a href="#/sign-in">Sign in</a> to get one.
          </p>
        </Note>
      ) : null}
      {which === 'pasted' || token === undefined ? null : (
        <>
          <Lifetime token={token} />
          {which === 'id' ? (
            <p>
              The ID token tells the client who signed in. It is not for an API: see{' '}
              <a href="#/forgeries">what happens when it is sent to one</a>.
            </p>
          ) : null}
          <TokenView token={token} />
        </>
      )}
      <LifetimeSetting />
    </>
  )
}

function Pasted(): VNode {
  const { result } = usePlayground()
  const [text, setText] = useState('')
  const unless = text.trim() === '' ? 'Paste a token first' : undefined
  const parts =
    result?.action === 'take-apart' || result?.action === 'paste' ? result.outcome.parts : undefined
  const sent = result?.action === 'paste' ? result.outcome.decisions[0]?.token : undefined
  const shown = parts ?? sent
  return (
    <>
      <label class="field">
        A token, whole or broken
        <textarea
          rows={4}
          spellcheck={false}
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <p class="quiet">
        It goes to the client’s server on this machine, which takes it apart as far as it can be read. Nothing
        is kept.
      </p>
      <p class="buttons">
        <ActionButton action="take-apart" details={{ text }} primary unless={unless}>
          Take it apart
        </ActionButton>
        <ActionButton action="paste" details={{ text }} unless={unless}>
          Send it to the APIs
        </ActionButton>
      </p>
      {shown === undefined ? null : (
        <>
          <Lifetime token={shown} />
          <TokenView token={shown} />
        </>
      )}
    </>
  )
}

const lifetimes = [
  { value: '10', text: '10 seconds' },
  { value: '60', text: '1 minute' },
  { value: '900', text: '15 minutes' },
] as const

function LifetimeSetting(): VNode {
  const { state, act } = usePlayground()
  const [current = '900'] = lifetimes
    .map(({ value }) => value)
    .filter((value) => Number(value) === state.lifetime)
  return (
    <section aria-labelledby="lifetime">
      <h3 id="lifetime">How long new tokens live</h3>
      <p>
        A short life limits what a stolen token is worth. To watch one expire, choose 10 seconds, refresh, and
        call the API again later. APIs often allow for a clock that is some seconds off; these do not.
      </p>
      <Choice
        legend="Lifetime of new access tokens"
        value={current}
        options={lifetimes}
        onChange={(value) => act('lifetime', { seconds: Number(value) })}
      />
      <p class="buttons">
        <ActionButton
          action="refresh"
          details={{}}
          unless={state.user === undefined ? 'Sign in first' : undefined}
        >
          Refresh the token now
        </ActionButton>
      </p>
    </section>
  )
}
