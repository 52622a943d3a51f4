import type { VNode } from 'preact'
import type { Part, TokenParts } from '../protocol.ts'
import { useNow } from './playground.ts'

/** A token taken apart, as far as it could be read. */
export function TokenView({
  token,
  level = 3,
}: {
  readonly token: TokenParts
  /** Of the headings. */
  readonly level?: 3 | 4
}): VNode {
  const Heading = `h${level}` as const
  return (
    <div class="token">
      {token.problem === undefined ? null : <p class="problem">{sentence(token.problem)}</p>}
      <div class="part header">
        <Heading>Header</Heading>
        <PartView part={token.header} />
      </div>
      <div class="part payload">
        <Heading>Payload</Heading>
        <PartView part={token.payload} />
      </div>
      <div class="part signature">
        <Heading>Signature</Heading>
        {token.signature === '' ? (
          <p>There is none.</p>
        ) : (
          <p>
            <code>{token.signature}</code> <span class="quiet">Shortened: the rest stays on the server.</span>
          </p>
        )}
      </div>
    </div>
  )
}

function PartView({ part }: { readonly part: Part }): VNode {
  return (
    <>
      {part.problem === undefined ? null : <p class="problem">{sentence(part.problem)}</p>}
      {part.members === undefined ? (
        <pre class="text" tabIndex={0} aria-label="What could be decoded">
          {part.text === '' ? '(nothing)' : part.text}
        </pre>
      ) : (
        <dl class="members">
          {part.members.map(({ name, value, meaning, readBy }) => (
            <div key={name}>
              <dt>
                <code class="name">{name}</code> <code class="value">{value}</code>
              </dt>
              <dd>
                {meaning}{' '}
                <span class="read-by">
                  {readBy.length === 0 ? 'No check reads it.' : `Read by: ${readBy.join(', ')}.`}
                </span>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </>
  )
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

/** How long a token lives yet, counting down. */
export function Lifetime({ token }: { readonly token: TokenParts }): VNode | null {
  const now = useNow()
  const { expiresAt, issuedAt } = token
  if (expiresAt === undefined) return null
  const left = expiresAt - now
  const whole = issuedAt === undefined ? undefined : expiresAt - issuedAt
  const share = whole === undefined || whole <= 0 ? undefined : Math.min(1, Math.max(0, left / whole))
  return (
    <div class={`lifetime${left > 0 ? '' : ' over'}`}>
      <p>
        {left > 0 ? (
          <>
            Valid for <strong class="count">{clock(left)}</strong> more
          </>
        ) : (
          <>
            Expired <strong class="count">{clock(-left)}</strong> ago
          </>
        )}
        {whole === undefined ? null : <span class="quiet"> of {clock(whole)}</span>}
      </p>
      {share === undefined ? null : (
        <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="whole" width="100" height="4" />
          <rect class="left" width={share * 100} height="4" />
        </svg>
      )}
    </div>
  )
}

/** Seconds as `m:ss`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
