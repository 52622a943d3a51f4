/* Runs in the browser, on the page of the other site. */
import type { AttackView } from '../protocol.ts'
import type { AttackName } from './attacks.ts'

const client = document.documentElement.dataset['client'] ?? ''

function address(path: string, name: AttackName): string {
  return `${client}${path}?${new URLSearchParams({ attack: name }).toString()}`
}

function post(path: string, name: AttackName, field: readonly [string, string], enctype?: string): void {
  // A frame for each: a second form in the same frame would cancel the first.
  load(Object.assign(document.createElement('iframe'), { name, title: 'Response to a form' }))
  const form = document.createElement('form')
  form.method = 'post'
  form.action = address(path, name)
  form.target = name
  if (enctype !== undefined) form.enctype = enctype
  const input = document.createElement('input')
  input.type = 'hidden'
  ;[input.name, input.value] = field
  form.append(input)
  document.body.append(form)
  form.submit()
  form.remove()
}

function load<E extends HTMLElement>(element: E): void {
  element.hidden = true
  document.body.append(element)
}

const tries: Readonly<Record<AttackName, () => unknown>> = {
  'form post': () => post('/do/revoke', 'form post', ['x', 'y']),
  'form that looks like JSON': () =>
    post('/do/revoke', 'form that looks like JSON', ['{"x":"', '"}'], 'text/plain'),
  'form that signs out': () => post('/logout', 'form that signs out', ['logout', 'yes']),
  'fetch without CORS': () =>
    void fetch(address('/do/revoke', 'fetch without CORS'), {
      method: 'POST',
      mode: 'no-cors',
      credentials: 'include',
      body: '{}',
    }).catch(() => undefined),
  'fetch with JSON': () =>
    void fetch(address('/do/revoke', 'fetch with JSON'), {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }).catch(() => undefined),
  sendBeacon: () => navigator.sendBeacon(address('/do/revoke', 'sendBeacon'), '{}'),
  image: () => load(Object.assign(new Image(), { src: address('/state', 'image'), alt: '' })),
  script: () => load(Object.assign(document.createElement('script'), { src: address('/state', 'script') })),
  iframe: () =>
    load(Object.assign(document.createElement('iframe'), { src: address('/', 'iframe'), title: 'attack' })),
  prefetch: () =>
    document.head.append(
      Object.assign(document.createElement('link'), {
        rel: 'prefetch',
        href: address('/state', 'prefetch'),
      }),
    ),
  WebSocket: () => new WebSocket(address('/state', 'WebSocket').replace('https', 'wss')),
  window: () => void window.open(address('/', 'window'), '_blank'),
}

const buttons = [...document.querySelectorAll<HTMLButtonElement>('button[data-attack]')]
for (const button of buttons) {
  button.addEventListener('click', () => tries[button.dataset['attack'] as AttackName]())
}
document.querySelector('#all')?.addEventListener('click', () => {
  // A window for each click is what browsers allow; this one shows nothing new.
  for (const { dataset } of buttons)
    if (dataset['attack'] !== 'window') tries[dataset['attack'] as AttackName]()
})

async function showResults(): Promise<void> {
  const response = await fetch('/seen')
  const seen = (await response.json()) as readonly AttackView[]
  for (const result of document.querySelectorAll<HTMLElement>('[data-result]')) {
    const view = seen.find(({ name }) => name === result.dataset['result'])
    if (view === undefined) continue
    const text = `${view.refused ? 'Refused' : 'Let through'}. ${view.because} Seen: ${view.seen.join('; ')}.`
    if (result.textContent !== text) result.textContent = text
  }
}

setInterval(() => void showResults().catch(() => undefined), 1000)
