import type { ComponentChildren, VNode } from 'preact'
import { useId } from 'preact/hooks'
import type { ActionName, Actions } from '../protocol.ts'
import { usePlayground } from './playground.ts'

/** A button that runs an action. While one runs, no other starts; the button keeps the focus. */
export function ActionButton<Name extends ActionName>(button: {
  readonly action: Name
  readonly details: Actions[Name]
  readonly children: ComponentChildren
  readonly primary?: boolean
  /** What a screen reader says instead of the text, for example with the name of the row. */
  readonly label?: string
  /** Why it cannot be used now. */
  readonly unless?: string | undefined
}): VNode {
  const { act, running } = usePlayground()
  const blocked = running !== undefined || button.unless !== undefined
  return (
    <button
      type="button"
      class={button.primary === true ? 'primary' : undefined}
      aria-disabled={blocked}
      aria-label={button.label}
      title={button.unless}
      onClick={() => {
        if (!blocked) act(button.action, button.details)
      }}
    >
      {button.children}
    </button>
  )
}

/** One of a few values, as radio buttons side by side. */
export function Choice<Value extends string>(choice: {
  readonly legend: string
  readonly value: Value
  readonly options: readonly {
    readonly value: Value
    readonly text: string
    readonly unless?: string | undefined
  }[]
  readonly onChange: (value: Value) => void
}): VNode {
  const name = useId()
  return (
    <fieldset class="choice">
      <legend>{choice.legend}</legend>
      <div class="options">
        {choice.options.map(({ value, text, unless }) => (
          <label key={value} title={unless}>
            <input
              type="radio"
              name={name}
              value={value}
              checked={value === choice.value}
              disabled={unless !== undefined}
              onChange={() => choice.onChange(value)}
            />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** A sentence or two that stands apart. */
export function Note({ children }: { readonly children: ComponentChildren }): VNode {
  return <div class="note">{children}</div>
}

/** What each status of an API means, in a word or two. */
export function meaningOf(status: number): {
  readonly text: string
  readonly tone: 'good' | 'stop' | 'wait'
} {
  if (status < 300) return { text: 'allowed', tone: 'good' }
  if (status === 503) return { text: 'could not find out', tone: 'wait' }
  if (status >= 500) return { text: 'error', tone: 'wait' }
  return { text: 'refused', tone: 'stop' }
}

/** A status code with its meaning. Colour says nothing that the text does not. */
export function Status({ status }: { readonly status: number }): VNode {
  const { text, tone } = meaningOf(status)
  return (
    <span class={`status ${tone}`}>
      {status} <span class="meaning">{text}</span>
    </span>
  )
}

/** Needs a signed-in user. */
export function SignInFirst({ to }: { readonly to: string }): VNode {
  return (
    <Note>
      <p>
        <a href="#/sign-in">Sign in</a> first, {to}.
      </p>
    </Note>
  )
}
