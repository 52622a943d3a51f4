import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Decision, Outcome, Step } from '../protocol.ts'
import { Status } from './controls.tsx'
import { usePlayground } from './playground.ts'
import { TokenView } from './token-view.tsx'

/**
 * What the last action did. Beside the section on a wide screen; on a narrow one at the bottom, where its verdict is
 * in sight wherever the page is scrolled to.
 */
export function ResultPanel(): VNode {
  const { result, problem, running } = usePlayground()
  const [open, setOpen] = useState(false)
  // On a small screen, the result stays as long as its section.
  const [left, setLeft] = useState(false)
  // A new result starts closed, so that the page behind it stays in sight.
  useEffect(() => {
    setOpen(false)
    setLeft(false)
    const leave = (): void => {
      setOpen(false)
      setLeft(true)
    }
    addEventListener('hashchange', leave)
    return () => removeEventListener('hashchange', leave)
  }, [result, problem])
  useEffect(() => {
    if (!open) return undefined
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOpen(false)
    }
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [open])

  const outcome = problem === undefined ? result?.outcome : undefined
  const empty = outcome === undefined && problem === undefined
  return (
    <aside
      class={`result${open ? ' open' : ''}${empty ? ' empty' : ''}${left ? ' left' : ''}`}
      aria-label="Result"
      aria-busy={running !== undefined}
    >
      <div class="verdict" role="status">
        {problem === undefined ? null : (
          <>
            <p class="mark bad">Something went wrong</p>
            <p class="summary">{problem}</p>
          </>
        )}
        {outcome === undefined ? null : <Verdict outcome={outcome} />}
        {empty ? (
          <p class="quiet">
            Nothing has been tried yet. Each decision appears here, with every check in the order in which it
            ran.
          </p>
        ) : null}
      </div>
      {outcome === undefined ? null : (
        <>
          <button
            type="button"
            class="more"
            aria-expanded={open}
            aria-controls="result-details"
            onClick={() => setOpen(!open)}
          >
            {open ? 'Close' : outcome.decisions.length > 0 ? 'Show every check' : 'Show more'}
          </button>
          <div
            class="details"
            id="result-details"
            tabIndex={0}
            role="region"
            aria-label="Details of the result"
          >
            <Details key={outcome} outcome={outcome} />
          </div>
        </>
      )}
    </aside>
  )
}

function Verdict({ outcome }: { readonly outcome: Outcome }): VNode {
  const { asItShouldBe, decisions, summary } = outcome
  return (
    <>
      <p class={`mark ${asItShouldBe ? 'good' : 'bad'}`}>
        {asItShouldBe ? 'As it should be' : 'Not as it should be'}
      </p>
      {decisions.length === 0 ? null : (
        <p class="statuses">
          {[...new Set(decisions.map(({ status }) => status))].map((status) => (
            <Status key={status} status={status} />
          ))}
        </p>
      )}
      <p class="summary">{summary}</p>
    </>
  )
}

function Details({ outcome }: { readonly outcome: Outcome }): VNode {
  const { decisions, exchanges } = outcome
  const [chosen, setChosen] = useState(0)
  const decision = decisions[chosen]
  return (
    <>
      {decisions.length < 2 ? null : (
        <div class="apis" role="group" aria-label="Decisions">
          {decisions.map(({ status }, index) => (
            <button
              key={index}
              type="button"
              aria-pressed={index === chosen}
              onClick={() => setChosen(index)}
            >
              {nameAmong(decisions, index)} <Status status={status} />
            </button>
          ))}
        </div>
      )}
      {decision === undefined ? null : <DecisionView decision={decision} />}
      <p class="to-diagram">
        {exchanges.length === 0 ? (
          'No request was sent for this.'
        ) : (
          <a href="#/diagram">
            {exchanges.length === 1 ? 'See the request' : `See the ${exchanges.length} requests`} drawn
          </a>
        )}
      </p>
    </>
  )
}

/** The API, and which of its decisions when it made several. */
function nameAmong(decisions: readonly Decision[], index: number): string {
  const { api = '' } = decisions[index] ?? {}
  const before = decisions.slice(0, index).filter((other) => other.api === api).length
  return before === 0 ? api : `${api}, ${before === 1 ? 'then' : `call ${before + 1}`}`
}

/** How one API decided: its verdict, the response, and every check. */
export function DecisionView({ decision }: { readonly decision: Decision }): VNode {
  const { api, route, verdict, challenge, steps, reason, body, token } = decision
  const failed = steps.find(({ ok }) => !ok)
  return (
    <div class="decision">
      <h3>
        <code>{route}</code> on {api}
      </h3>
      <p>{verdict}</p>
      {failed === undefined ? null : (
        <div class="deciding">
          <h4>The check that decided</h4>
          <StepView step={failed} />
        </div>
      )}
      {challenge === undefined ? null : (
        <>
          <h4>
            The challenge (<code>WWW-Authenticate</code>)
          </h4>
          <pre class="text challenge" tabIndex={0} aria-label="WWW-Authenticate">
            {challenge}
          </pre>
        </>
      )}
      {reason === undefined ? null : (
        <p>
          For the operator, not for the caller: <code>{reason}</code>
        </p>
      )}
      <h4>{steps.length === 0 ? 'No check ran' : `Every check, in order (${steps.length})`}</h4>
      <ol class="checks">
        {steps.map((step, index) => (
          <li key={index} class={step.ok ? 'passed' : 'failed'}>
            <StepView step={step} />
          </li>
        ))}
      </ol>
      {body === '' ? null : (
        <>
          <h4>The body of the response</h4>
          <pre class="text" tabIndex={0} aria-label="Body of the response">
            {body}
          </pre>
        </>
      )}
      {token === undefined ? (
        <p class="quiet">No token was sent.</p>
      ) : (
        <details>
          <summary>The token that was sent</summary>
          <TokenView token={token} level={4} />
        </details>
      )}
    </div>
  )
}

function StepView({ step }: { readonly step: Step }): VNode {
  const { name, ok, claim, expected, actual, hint } = step
  return (
    <div class="step">
      <p class="what">
        <span class="tick" aria-hidden="true">
          {ok ? '✓' : '✕'}
        </span>
        <span class="step-name">{name}</span>
        {claim === undefined ? null : <code class="claim">{claim}</code>}
        <span class="outcome">{ok ? 'passed' : 'failed'}</span>
      </p>
      {expected === undefined && actual === undefined ? null : (
        <dl class="compared">
          {expected === undefined ? null : (
            <div>
              <dt>expected</dt>
              <dd>{expected}</dd>
            </div>
          )}
          {actual === undefined ? null : (
            <div>
              <dt>actual</dt>
              <dd>{actual}</dd>
            </div>
          )}
        </dl>
      )}
      {hint === undefined ? null : <p class="hint">{hint}</p>}
    </div>
  )
}
