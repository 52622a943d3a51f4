import { describe, expect, it } from 'vitest'
import { lastCertificateOf } from '../../src/caller/xfcc.ts'

describe('the certificate of the last element', () => {
  it.each([
    ['Cert="a"', 'a'],
    ['Cert=a', 'a'],
    ['cert="a"', 'a'],
    ['By=spiffe://x/y;Hash=0f;Cert="a";Subject="CN=b";URI=spiffe://z;DNS=c;DNS=d', 'a'],
    ['Cert="a";Subject=""', 'a'],
    ['Subject="CN=a,O=\\"b\\";C=d";Cert="a"', 'a'],
    ['Subject="C=d\\\\";Cert="a"', 'a'],
    ['Cert="b",Cert="a"', 'a'],
    ['Cert="b", Cert="a"', 'a'],
    ['Cert="b";Hash=1,Hash=2;Cert="a"', 'a'],
    ['Subject="x,Cert=b";Cert="a"', 'a'],
  ])('the certificate of %s is %s', (text, expected) => {
    expect(lastCertificateOf(text)).toBe(expected)
  })

  it.each([
    ['nothing', ''],
    ['no certificate', 'Hash=0f;Subject="CN=a"'],
    ['a certificate in an element that is not the last', 'Cert="a",Hash=0f'],
    ['a certificate in a value', 'Subject=";Cert=a"'],
    ['two certificates in one element', 'Cert="a";Cert="a"'],
    ['two certificates in one element, one not quoted', 'Cert="a";cert=a'],
    ['an open quote', 'Cert="a'],
    ['an open quote in the element before', 'Subject="x,Cert="a"'],
    ['an element that swallows the next', 'Cert="b";X=",Hash=0f;Cert="a"'],
    ['text behind a quote', 'Cert="a"b'],
    ['text before a quote', 'Cert=b"a"'],
    ['a quote in a value without quotes', 'Cert=a"'],
    ['an escaped quote at the end', 'Cert="a\\"'],
    ['a comma at the end', 'Cert="a",'],
    ['a semicolon at the end', 'Cert="a";'],
    ['a comma at the beginning', ',Cert="a"'],
    ['a space before the key', ' Cert="a"'],
    ['a space behind the key', 'Cert ="a"'],
    ['no key', '="a"'],
    ['a key of other characters', 'x-y=1;Cert="a"'],
    ['no value at all', 'Cert'],
  ])('there is none in %s', (_title, text) => {
    expect(lastCertificateOf(text)).toBeUndefined()
  })
})
