import { laterSteps } from './tour/later-steps.ts'
import { firstSteps } from './tour/steps.ts'
import { visitor } from './tour/visitor.ts'

/** Every step, in order. */
export const steps = [...firstSteps, ...laterSteps]

/**
 * Takes the tour: every step of the page, over the real servers, without a browser. Prints each step with what was
 * expected, and with what was seen where that differs. Node has to trust the certificate.
 *
 * @param client origin of the client's server
 * @param print gets one line
 * @returns how many steps were not as they should be
 */
export async function tour(client: string, print: (line: string) => void): Promise<number> {
  const visitors = { alice: visitor(client), bob: visitor(client), nobody: visitor(client) }
  let wrong = 0
  for (const { topic, title, expected, see } of steps) {
    if (topic !== undefined) print(`\n${topic}`)
    const seen = await Promise.resolve()
      .then(() => see(visitors))
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
    const isRight = seen === expected
    if (!isRight) wrong += 1
    print(`  ${isRight ? '✓' : '✗'} ${title}`)
    print(`      ${isRight ? seen : `expected: ${expected}`}`)
    if (!isRight) print(`      seen:     ${seen}`)
  }
  print(
    `\n${steps.length} steps, ${wrong === 0 ? 'all as they should be' : `${wrong} not as they should be`}.`,
  )
  return wrong
}
