import { createResourceServer } from 'oauth-resource-server'
import { createTestIssuer } from 'oauth-resource-server/testing'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { checkEntries, checkTexts, optionsReader } from '../../src/options/reader.ts'

const issuer = await createTestIssuer({ algorithms: ['EdDSA'] })
const restricted = { ...issuer.options, clients: ['web'] }

class Options {
  issuer = issuer.options.issuer
  audience = issuer.options.audience
  jwks = issuer.options.jwks
  get clients(): readonly string[] {
    return ['web']
  }
}

describe('D1 D3 options that would be ignored without a word', () => {
  it.each<[string, unknown]>([
    ['a class with a getter', new Options()],
    ['inherited options', Object.assign(Object.create({ clients: ['web'] }) as object, issuer.options)],
    ['a promise of options', Promise.resolve(restricted)],
    ['a Map', new Map(Object.entries(restricted))],
    ['a list', [restricted]],
    ['an entry of issuers that inherits', { issuers: [Object.create({ clients: ['web'] })] }],
  ])('are a mistake: %s', (_what, options) => {
    expect(() => createResourceServer(options as never)).toThrow(/must be a plain object of options/)
  })

  it('are a mistake: one that is not enumerable', () => {
    const options = Object.defineProperty({ ...issuer.options }, 'clients', { value: ['web'] })
    expect(() => createResourceServer(options)).toThrow(/clients must be enumerable/)
  })

  it.each<[string, unknown]>([
    ['an object literal', restricted],
    ['an object without a prototype', Object.assign(Object.create(null) as object, restricted)],
    ['an object of another realm', Object.assign(runInNewContext('({})') as object, restricted)],
  ])('are taken from %s', async (_what, options) => {
    const api = createResourceServer(options as never)
    await expect(api.verify(await issuer.sign())).rejects.toMatchObject({ reason: 'claim' })
    await expect(api.verify(await issuer.sign({ client_id: 'web' }))).resolves.toBeDefined()
  })
})

const names = ['text', 'list', 'number', 'word', 'flag', 'function'] as const
const read = (value: unknown, path = 'nested') => optionsReader(value, path, names)

describe('a reader of options', () => {
  it('reads what is given', () => {
    const make = (): number => 1
    const given = read({ text: 'a', list: ['a'], number: 2, word: 'two', flag: true, function: make })
    expect(given.text('text')).toBe('a')
    expect(given.list('list')).toEqual(['a'])
    expect(given.names('list')).toEqual(['a'])
    expect(given.number('number', 1, 2, 1)).toBe(2)
    expect(given.number('number', 2, 3, 1)).toBe(2)
    expect(given.word('word', ['one', 'two'])).toBe('two')
    expect(given.flag('flag')).toBe(true)
    expect(given.function('function', 'f')).toBe(make)
  })

  it('has defaults for what is undefined', () => {
    const given = read({ text: undefined })
    expect(given.text('text')).toBeUndefined()
    expect(given.list('list')).toBeUndefined()
    expect(given.names('list')).toEqual([])
    expect(given.number('number', 1, 2, 7)).toBe(7)
    expect(given.word('word', ['one', 'two'])).toBe('one')
    expect(given.flag('flag')).toBe(false)
    expect(given.function('function', 'f')).toBeUndefined()
    expect(given.values).toEqual({})
  })

  it.each([
    ['text', '', 'must be a string'],
    ['text', null, 'must be a string'],
    ['list', [], 'must be a list of at least one string'],
    ['list', 'a', 'must be a list of at least one string'],
    ['number', 3, 'must be a number from 1 to 2'],
    ['number', 0, 'must be a number from 1 to 2'],
    ['number', NaN, 'must be a number from 1 to 2'],
    ['number', '1', 'must be a number from 1 to 2'],
    ['word', 'three', "must be 'one' or 'two'"],
    ['flag', 'true', 'must be true or false'],
    ['flag', null, 'must be true or false'],
    ['function', 'f', 'must be a function, for example f'],
  ] as const)('refuses %s: %j, and names it', (name, value, message) => {
    const given = read({ [name]: value })
    const reading = {
      text: () => given.text('text'),
      list: () => given.list('list'),
      number: () => given.number('number', 1, 2, 1),
      word: () => given.word('word', ['one', 'two']),
      flag: () => given.flag('flag'),
      function: () => given.function('function', 'f'),
    }[name]
    expect(reading).toThrow(TypeError)
    expect(reading).toThrow(`nested.${name}: ${message}`)
  })

  it.each([null, 'x', 7, ['text']])('refuses %j instead of an object', (value) => {
    expect(() => read(value)).toThrow('nested: must be a plain object of options')
    expect(() => read(value, '')).toThrow('options: must be a plain object of options')
  })

  it('refuses an unknown option, and says which is meant', () => {
    expect(() => read({ numbr: 1 })).toThrow('nested: unknown option numbr (did you mean number?)')
    expect(() => read({ numbr: 1, x: undefined })).toThrow(
      new TypeError(
        'nested: unknown option numbr (did you mean number?), x; the options are text, list, number, word, flag, function',
      ),
    )
    expect(() => read({ numbr: 1, flagg: 1 })).toThrow(/numbr \(.*\), flagg \(did you mean flag\?\)$/)
    expect(() => read({ cache: 1 })).toThrow(/unknown option cache; the options are/)
    const known = optionsReader({}, '', [...names, 'audience'])
    expect(known.values).toEqual({})
    expect(() => optionsReader({ cache: 1 }, '', [...names, 'audience'])).toThrow(/cache \(leave it out: /)
  })

  it('looks behind for what its own object does not have, and names the place', () => {
    const common = optionsReader({ text: 'common', number: 9 }, '', names)
    const entry = optionsReader({ text: 'own' }, 'issuers[0]', names, common)
    expect(entry.text('text')).toBe('own')
    expect(entry.at('text')).toBe('issuers[0].text')
    expect(() => entry.number('number', 1, 2, 1)).toThrow(/^number: /)
    expect(entry.at('list')).toBe('issuers[0].list')
    const silent = optionsReader({ text: undefined }, 'issuers[0]', names, common)
    expect(silent.text('text')).toBe('common')
    expect(silent.at('text')).toBe('text')
  })

  it('keeps to what the object said', () => {
    const options = { text: 'a' }
    const given = read(options)
    options.text = 'b'
    expect(given.text('text')).toBe('a')
  })
})

describe('a list', () => {
  it('of texts may be empty where that is allowed', () => {
    expect(checkTexts([], 'list', 0)).toEqual([])
    expect(read({ list: [] }).names('list')).toEqual([])
    expect(() => checkTexts(['a', 7], 'list')).toThrow('must be a list of at least one string, none of them')
    expect(() => checkTexts([], 'list')).toThrow('list: must be a list of at least one string')
    expect(() => checkTexts([''], 'list', 0)).toThrow('list: must be a list of strings, none of them empty')
  })

  it('has no holes', () => {
    expect(checkEntries(['a', undefined], 'list', 'x')).toEqual(['a', undefined])
    const holes: string[] = []
    holes[1] = 'b'
    expect(() => checkEntries(holes, 'list', 'x')).toThrow('list: has no entry at position 0')
  })
})
