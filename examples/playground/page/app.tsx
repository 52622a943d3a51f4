import type { VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Header } from './header.tsx'
import { Navigation } from './navigation.tsx'
import { PlaygroundContext, useServer } from './playground.ts'
import { useProgress } from './progress.ts'
import { ResultPanel } from './result.tsx'
import { type Section, sections } from './sections.tsx'

/** The whole page. */
export function App(): VNode {
  const { state, ...server } = useServer()
  const section = useSection()
  const done = useProgress(state, server.result)
  if (state === undefined) {
    return (
      <p class="loading" role="status">
        {server.problem ?? 'Loading the playground …'}{' '}
        {server.problem === undefined ? null : (
          <button type="button" onClick={() => void server.reload()}>
            Try again
          </button>
        )}
      </p>
    )
  }
  const next = sections[sections.indexOf(section) + 1]
  return (
    <PlaygroundContext.Provider value={{ ...server, state }}>
      <a
        class="skip"
        href="#content"
        onClick={(event) => {
          // What follows # names the section.
          event.preventDefault()
          document.getElementById('content')?.focus()
        }}
      >
        Skip to the section
      </a>
      <Header section={section} />
      <div class="columns" data-section={section.name}>
        <Navigation section={section} class="beside" />
        <main>
          <Heading section={section} />
          <section.Content done={done} />
          {next === undefined ? null : (
            <p class="next">
              <a href={`#/${next.name}`}>
                Next: {next.title} <span aria-hidden="true">→</span>
              </a>
            </p>
          )}
        </main>
        <ResultPanel />
      </div>
    </PlaygroundContext.Provider>
  )
}

/** The section's heading. It gets the focus when the section changes, so that a screen reader reads on from there. */
function Heading({ section }: { readonly section: Section }): VNode {
  const heading = useRef<HTMLHeadingElement>(null)
  const shown = useRef(section)
  useEffect(() => {
    document.title = `${section.title} · OAuth playground`
    if (shown.current === section) return
    shown.current = section
    heading.current?.focus({ preventScroll: true })
    scrollTo({ top: 0, behavior: 'instant' })
  }, [section])
  return (
    <h2 ref={heading} id="content" tabIndex={-1}>
      {section.title}
    </h2>
  )
}

/** The section that the URL names after `#/`. */
function useSection(): Section {
  const [name, setName] = useState(location.hash.slice(2))
  useEffect(() => {
    const change = (): void => setName(location.hash.slice(2))
    addEventListener('hashchange', change)
    return () => removeEventListener('hashchange', change)
  }, [])
  return sections.find((section) => section.name === name) ?? sections[0]
}
