import type { FunctionComponent } from 'preact'
import type { FirstStep } from './progress.ts'
import { Algorithms } from './sections/algorithms.tsx'
import { Call } from './sections/call.tsx'
import { Diagram } from './sections/diagram.tsx'
import { Dpop } from './sections/dpop.tsx'
import { Forgeries } from './sections/forgeries.tsx'
import { Keys } from './sections/keys.tsx'
import { OtherSite } from './sections/other-site.tsx'
import { Refresh } from './sections/refresh.tsx'
import { SignIn } from './sections/sign-in.tsx'
import { Token } from './sections/token.tsx'

/** One topic of the playground. */
export interface Section {
  /** After `#/` in the URL. */
  readonly name: string
  readonly title: string
  readonly Content: FunctionComponent<{ readonly done: ReadonlySet<FirstStep> }>
}

/** All topics, in the order in which a newcomer meets them. */
export const sections: readonly [Section, ...Section[]] = [
  { name: 'sign-in', title: 'Sign in', Content: SignIn },
  { name: 'token', title: 'The token', Content: Token },
  { name: 'call', title: 'Call the APIs', Content: Call },
  { name: 'refresh', title: 'Refresh and sign out', Content: Refresh },
  { name: 'forgeries', title: 'Forgeries', Content: Forgeries },
  { name: 'algorithms', title: 'RS256 and HS256', Content: Algorithms },
  { name: 'keys', title: 'Keys and faults', Content: Keys },
  { name: 'dpop', title: 'DPoP', Content: Dpop },
  { name: 'other-site', title: 'Another site', Content: OtherSite },
  { name: 'diagram', title: 'Sequence diagram', Content: Diagram },
]
