// oidc-provider greets every start with advice for production, on the console and with no option against it.
// Here it would bury the table. This module has to be imported before the provider, which speaks up on import.
const advice = /oidc-provider (NOTICE|WARNING):/

for (const level of ['info', 'warn'] as const) {
  const print = console[level].bind(console)
  console[level] = (...line: unknown[]) => {
    if (!advice.test(String(line[0]))) print(...line)
  }
}
