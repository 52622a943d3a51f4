import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Navigation } from './navigation.tsx'
import { usePlayground } from './playground.ts'
import { type Section, sections } from './sections.tsx'

/** The name of the page, who is signed in, how the authorization server is, and on a narrow screen the menu. */
export function Header({ section }: { readonly section: Section }): VNode {
  const { state } = usePlayground()
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => menu.current?.removeAttribute('open'), [section])
  return (
    <header>
      <h1>
        <a href="#/sign-in">OAuth playground</a>
      </h1>
      <p class="facts">
        <span class={state.user === undefined ? 'chip' : 'chip user'}>
          {state.user === undefined ? 'Not signed in' : state.user.name}
        </span>
        {state.issuer.mode === 'up' ? null : <span class="chip fault">Issuer {state.issuer.mode}</span>}
        {state.dpop ? <span class="chip">DPoP</span> : null}
      </p>
      <details class="menu" ref={menu}>
        <summary>
          <span class="quiet">
            {sections.indexOf(section) + 1} of {sections.length}
          </span>{' '}
          {section.title}
        </summary>
        <Navigation section={section} class="within" />
      </details>
    </header>
  )
}
