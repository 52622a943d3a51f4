import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Choice } from '../controls.tsx'
import { usePlayground } from '../playground.ts'
import { SequenceDiagram } from '../sequence-diagram.tsx'

/** The recording, drawn. */
export function Diagram(): VNode {
  const { state, result } = usePlayground()
  const last = result?.outcome.exchanges
  const [what, setWhat] = useState<'last' | 'all'>(last === undefined || last.length === 0 ? 'all' : 'last')
  const exchanges = what === 'last' && last !== undefined ? last : state.recording
  return (
    <>
      <p class="lead">
        Every request between the parties is recorded where it arrives. This is drawn from the recording, and
        from nothing else. Codes, secrets and tokens are shortened. There is one recording: a second browser
        that uses this playground is in it too.
      </p>
      <Choice
        legend="What to draw"
        value={what}
        onChange={setWhat}
        options={[
          {
            value: 'last',
            text: 'The last action',
            unless: last === undefined ? 'There was none yet' : undefined,
          },
          { value: 'all', text: 'Everything since the last sign-in began' },
        ]}
      />
      {exchanges.length === 0 ? (
        <p class="quiet">Nothing has been recorded yet.</p>
      ) : (
        <SequenceDiagram exchanges={exchanges} />
      )}
    </>
  )
}
