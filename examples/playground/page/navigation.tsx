import type { VNode } from 'preact'
import { type Section, sections } from './sections.tsx'

/** The links to all sections. */
export function Navigation(navigation: { readonly section: Section; readonly class: string }): VNode {
  return (
    <nav class={navigation.class} aria-label="Sections">
      <ol>
        {sections.map(({ name, title }) => (
          <li key={name}>
            <a href={`#/${name}`} aria-current={name === navigation.section.name ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  )
}
