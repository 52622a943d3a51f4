/** What the other site tries, by name. Each request carries its name in the query, so that it can be told apart. */
export const attacks = [
  {
    name: 'form post',
    what: 'A hidden form posts to an action. The classic: it needs no script and no permission.',
  },
  {
    name: 'form that looks like JSON',
    what: 'A form of type text/plain, whose body reads as JSON.',
  },
  { name: 'form that signs out', what: 'A form posts to the address that ends the session.' },
  {
    name: 'fetch without CORS',
    what: 'A script posts with cookies, and does not mind that it may not read the response.',
  },
  {
    name: 'fetch with JSON',
    what: 'A script posts JSON with cookies. The browser asks the client for permission first (OPTIONS).',
  },
  { name: 'sendBeacon', what: 'A post that the browser sends even after the page is closed.' },
  { name: 'image', what: 'An image whose address is the state of the session.' },
  { name: 'script', what: 'A script whose address is the state of the session, to read what it returns.' },
  { name: 'iframe', what: 'The page of the client in a frame, to be clicked without being seen.' },
  { name: 'prefetch', what: 'A hint to the browser to load the state of the session ahead of time.' },
  { name: 'WebSocket', what: 'A WebSocket, which no same-origin policy holds back.' },
  {
    name: 'window',
    what: 'The page of the client in a window of its own. Any link may do that: it opens, without the cookie.',
  },
] as const

/** The name of one attack. */
export type AttackName = (typeof attacks)[number]['name']

/** The name that a request carries; `undefined` for any other request. */
export function attackIn(url: string): AttackName | undefined {
  const name = new URLSearchParams(url.split('?')[1]).get('attack')
  return attacks.find((one) => one.name === name)?.name
}
