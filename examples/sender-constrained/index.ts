// npm run examples [dpop] [mtls] [step-up]
import { dpop } from './dpop.ts'
import { mtls } from './mtls.ts'
import { stepUp } from './step-up.ts'

const examples: Readonly<Record<string, (print: (line: string) => void) => Promise<void>>> = {
  dpop,
  mtls,
  'step-up': stepUp,
}
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !Object.hasOwn(examples, name))
if (unknown !== undefined) throw new TypeError(`${unknown}: there are ${Object.keys(examples).join(', ')}`)

for (const [name, run] of Object.entries(examples)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n${name}`)
  await run((line) => console.log(`  ${line}`))
}
