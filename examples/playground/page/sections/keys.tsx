import type { VNode } from 'preact'
import type { IssuerMode, KeyCacheView, KeyView } from '../../protocol.ts'
import { ActionButton, Choice } from '../controls.tsx'
import { useLiveState, usePlayground } from '../playground.ts'

const modes: readonly { readonly value: IssuerMode; readonly text: string }[] = [
  { value: 'up', text: 'Up' },
  { value: 'down', text: 'Down' },
  { value: 'hanging', text: 'Hanging' },
]

/** Key rotation, an issuer that is down or hangs, and what each API holds meanwhile, drawn live. */
export function Keys(): VNode {
  useLiveState()
  const { state, act } = usePlayground()
  const { issuer, keyCaches } = state
  const letters = lettersOf([...issuer.keys, ...keyCaches.flatMap(({ keys }) => keys)])
  const unless = state.accessToken === undefined ? 'Sign in first' : undefined
  return (
    <>
      <p class="lead">
        The APIs fetch the authorization server’s public keys once, and keep them. So they need it neither for
        each request, nor to be up. A key that they do not know makes them look again.
      </p>
      <section class="issuer" aria-labelledby="issuer">
        <h3 id="issuer">Authorization server</h3>
        <p class="quiet">
          <code>{issuer.url}</code>
        </p>
        <KeyList keys={issuer.keys} letters={letters} used="signs" />
        <div class="choices">
          <Choice
            legend="How it behaves"
            value={issuer.mode}
            options={modes}
            onChange={(mode) => act('issuer', { mode })}
          />
        </div>
        <p class="buttons">
          <ActionButton action="rotate-keys" details={{ withdraw: false }}>
            Rotate the keys
          </ActionButton>
          <ActionButton action="rotate-keys" details={{ withdraw: true }}>
            Rotate, and withdraw the old ones
          </ActionButton>
        </p>
      </section>
      <p class="buttons between">
        <ActionButton action="call" details={{ route: 'GET /me' }} primary unless={unless}>
          Call GET /me on all three
        </ActionButton>
        <ActionButton action="refresh" details={{}} unless={unless}>
          Refresh the token
        </ActionButton>
      </p>
      <ul class="cards caches">
        {keyCaches.map((cache) => (
          <Cache key={`${cache.api} ${cache.process}`} cache={cache} issuer={issuer.keys} letters={letters} />
        ))}
      </ul>
      <p class="quiet">Drawn anew every second while this section is open. Each letter is one key.</p>
    </>
  )
}

function Cache({
  cache,
  issuer,
  letters,
}: {
  readonly cache: KeyCacheView
  readonly issuer: readonly KeyView[]
  readonly letters: ReadonlyMap<string, string>
}): VNode {
  const { api, process, keys, age, status } = cache
  const held = new Set(keys.map(({ kid }) => kid))
  return (
    <li>
      <h3>
        {api}
        {process > 1 ? ` (process ${process})` : ''}
      </h3>
      {keys.length === 0 ? <p>Holds no keys.</p> : null}
      <KeyList
        keys={keys}
        letters={letters}
        used="used"
        withdrawn={(kid) => !issuer.some((key) => key.kid === kid)}
        missing={issuer.filter(({ kid }) => !held.has(kid))}
      />
      <p class="age">
        {age === undefined ? null : `Fetched ${Math.round(age)} s ago. `}
        Status: {status}
      </p>
    </li>
  )
}

function KeyList({
  keys,
  letters,
  used,
  withdrawn = () => false,
  missing = [],
}: {
  readonly keys: readonly KeyView[]
  readonly letters: ReadonlyMap<string, string>
  readonly used: string
  readonly withdrawn?: (kid: string) => boolean
  /** Keys that the issuer has and this API does not. */
  readonly missing?: readonly KeyView[]
}): VNode {
  return (
    <ul class="keys">
      {keys.map(({ kid, alg, inUse }) => (
        <li key={kid} class={withdrawn(kid) ? 'key withdrawn' : inUse ? 'key in-use' : 'key'}>
          <KeyPicture letter={letters.get(kid) ?? '?'} />
          <span>
            {alg} <code title={kid}>{shorten(kid)}</code>
            <span class="quiet">{withdrawn(kid) ? ' no longer published' : inUse ? ` ${used}` : ''}</span>
          </span>
        </li>
      ))}
      {missing.map(({ kid, alg }) => (
        <li key={kid} class="key missing">
          <KeyPicture letter={letters.get(kid) ?? '?'} />
          <span>
            {alg} <span class="quiet">not fetched yet</span>
          </span>
        </li>
      ))}
    </ul>
  )
}

function KeyPicture({ letter }: { readonly letter: string }): VNode {
  return (
    <svg class="key-picture" viewBox="0 0 44 24" width="44" height="24" aria-hidden="true">
      <path d="M20 12h22m-4 0v6m-7-6v4" />
      <circle cx="11" cy="12" r="10" />
      <text x="11" y="16.5" text-anchor="middle">
        {letter}
      </text>
    </svg>
  )
}

const shorten = (kid: string): string => (kid.length <= 9 ? kid : `${kid.slice(0, 8)}…`)

// Letters stay with their keys for as long as the page is open.
const given = new Map<string, string>()

function lettersOf(keys: readonly KeyView[]): ReadonlyMap<string, string> {
  for (const { kid } of keys) {
    if (!given.has(kid)) given.set(kid, String.fromCharCode(65 + (given.size % 26)))
  }
  return given
}
