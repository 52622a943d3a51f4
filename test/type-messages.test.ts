/* What an editor shows while options are written: short messages on the right line, and the names of options. */
import { createResourceServer } from 'oauth-resource-server'
import { describe, expect, it } from 'vitest'
import { cursor, editorOf, type Mistake } from './support/editor.ts'

/** Everything that takes options. `register` of Fastify is left out: the compiler lists its overloads first. */
const entries = {
  createResourceServer: `import { createResourceServer as f } from 'oauth-resource-server'`,
  'verifyJwt of express': `import { verifyJwt as f } from 'oauth-resource-server/express'`,
  'verifyJwt of fetch': `import { verifyJwt as f } from 'oauth-resource-server/fetch'`,
  'protect of fetch': `import { protect as f } from 'oauth-resource-server/fetch'`,
  'verifyJwt of koa': `import { verifyJwt as f } from 'oauth-resource-server/koa'`,
  'authenticate of fastify': `import { authenticate as f } from 'oauth-resource-server/fastify'`,
}

/** The right options, one a line, with one of them changed. */
function options(changed: Readonly<Record<string, string>>): string {
  const lines = { issuer: `'https://issuer.test/'`, audience: `'https://api.test'`, ...changed }
  const written = Object.entries(lines).filter(([, value]) => value !== '')
  return `{\n${written.map(([name, value]) => `  ${name}: ${value},`).join('\n')}\n}`
}

/**
 * `on` is what the line of the error has, and `names` what its message or the underlined code has. The compiler has no
 * line for an option that is missing: it underlines all of them.
 */
const mistakes = [
  {
    what: 'a misspelled option',
    code: options({ clockTolerence: '5' }),
    on: 'clockTolerence',
    names: `write 'clockTolerance'`,
  },
  {
    what: 'no audience',
    code: options({ audience: '' }),
    on: 'f({',
    names: `'audience' is missing`,
    characters: 550,
  },
  {
    what: 'a null audience without clients',
    code: options({ audience: 'null' }),
    on: 'f({',
    names: `'clients' is missing`,
  },
  { what: 'an issuer that is a number', code: options({ issuer: '5' }), on: 'issuer:', names: 'issuer' },
  { what: 'clients that are no list', code: options({ clients: `'a'` }), on: 'clients:', names: 'clients' },
  {
    what: 'the algorithm none',
    code: options({ algorithms: `['none']` }),
    on: 'algorithms:',
    names: `'"none"'`,
  },
  {
    what: 'a time that is text',
    code: options({ clockTolerance: `'30'` }),
    on: 'clockTolerance:',
    names: 'clockTolerance',
  },
  {
    what: 'a tokenFrom that returns a number',
    code: options({ tokenFrom: '() => 5' }),
    on: 'tokenFrom:',
    names: 'tokenFrom',
  },
].flatMap(({ what, code, ...rest }) =>
  Object.entries(entries).map(([entry, start]) => ({
    what: `${what}, ${entry}`,
    code: `${start}\nexport const made = f(${code})`,
    characters: 400,
    ...rest,
  })),
)

const importing = `import { protect } from 'oauth-resource-server/fetch'
import { authorize } from 'oauth-resource-server/express'
import { createResourceServer, allOf, scope } from 'oauth-resource-server'`
const others = [
  {
    what: 'a handler that needs a caller, with optional: true',
    code: `protect(${options({ optional: 'true' })})(
      (_request, auth) => Response.json(auth.subject),
    )`,
    on: 'auth.subject',
    names: `'auth' is possibly 'undefined'`,
  },
  {
    what: 'a handler that needs a caller, with a resource server',
    code: `protect(createResourceServer(${options({ optional: 'true' })}))(
      (_request, auth) => Response.json(auth.subject),
    )`,
    on: 'auth.subject',
    names: `'auth' is possibly 'undefined'`,
  },
  ...[
    ['authorize of express', 'authorize('],
    ['protect of fetch', `protect(${options({})},`],
    ['allOf', `allOf(scope('a'),`],
  ].map(([entry = '', call = '']) => ({
    what: `a guard that returns text, ${entry}`,
    code: `${call}\n  () => 'yes',\n)`,
    on: `() => 'yes'`,
    names: 'boolean',
  })),
].map(({ code, ...rest }) => ({
  ...rest,
  code: `${importing}\nexport const made = ${code}`,
  characters: 400,
}))

const rows = [...mistakes, ...others]
const places = Object.entries(entries).map(([entry, start]) => ({ entry, start }))
const inside = {
  nothing: `{ ${cursor} }`,
  'an issuer of issuers': `{ issuers: [{ ${cursor} }] }`,
}
const editor = editorOf({
  'right.ts': places
    .map(
      ({ start }, at) =>
        `${start.replace(' f ', ` f${at} `)}\nexport const made${at} = f${at}(${options({})})`,
    )
    .join('\n'),
  ...Object.fromEntries(rows.map(({ code }, at) => [`mistake-${at}.ts`, code])),
  ...Object.fromEntries(
    places.flatMap(({ entry, start }) =>
      Object.entries(inside).map(([where, code]) => [`${where}, ${entry}.ts`, `${start}\nf(${code})`]),
    ),
  ),
})

describe('the message of the compiler', () => {
  it('is none where nothing is wrong', () => {
    expect(editor.mistakes('right.ts')).toEqual([])
  })

  it.each(rows.map((row, at) => ({ ...row, file: `mistake-${at}.ts` })))(
    'is one, short, and names what is wrong: $what',
    ({ file, code, on, names, characters }) => {
      const found = editor.mistakes(file)
      expect(found).toHaveLength(1)
      const { line, underlined, message } = found[0] as Mistake
      expect(code.split('\n')[line - 1]).toContain(on)
      expect(`${underlined}\n${message}`).toContain(names)
      expect(message.split('\n').length).toBeLessThanOrEqual(3)
      expect(message.length).toBeLessThanOrEqual(characters)
    },
  )
})

/** The names of options, as the message about an unknown one lists them. */
function namesIn(options: object): string[] {
  try {
    createResourceServer(options)
  } catch (error) {
    const [, list = ''] = /; the options are (.*)$/.exec((error as Error).message) ?? []
    return list.split(', ').toSorted()
  }
  return []
}

describe('an editor offers the names of options and nothing else', () => {
  it.each(places)('to $entry', ({ entry }) => {
    const names = namesIn({ '?': 1 })
    expect(names).toEqual(expect.arrayContaining(['issuer', 'audience']))
    expect(editor.completions(`nothing, ${entry}.ts`).toSorted()).toEqual(names)
  })

  it.each(places)('in an issuer of several, to $entry', ({ entry }) => {
    const names = namesIn({ issuers: [{ '?': 1 }] })
    expect(names).toEqual(expect.arrayContaining(['issuer', 'clients']))
    expect(editor.completions(`an issuer of issuers, ${entry}.ts`).toSorted()).toEqual(names)
  })
})
