import { expect, it } from 'vitest'
import { parseTemplate } from './template.ts'

/** A template in few words: its segments, then what each variable takes. */
function inWords(text: string): string {
  const { segments, variables, verb } = parseTemplate(text)
  const path = segments.map((segment) => (segment.kind === 'literal' ? segment.text : segment.kind === 'any' ? '*' : '**')).join('/')
  const taken = variables.map(
    ({ fieldPath, start, end, multiple }) => ` ${fieldPath.join('.')}[${start}..${end ?? ''}]${multiple ? '+' : ''}`,
  )
  return `${path}${verb === undefined ? '' : `:${verb}`}${taken.join('')}`
}

it.each([
  ['/v1', 'v1'],
  ['/v1/messages', 'v1/messages'],
  ['/v1/messages:send', 'v1/messages:send'],
  ['/*', '*'],
  ['/**', '**'],
  ['/v1/*/b', 'v1/*/b'],
  ['/v1/**:purge', 'v1/**:purge'],
  ['/v1/{id}', 'v1/* id[1..2]'],
  ['/v1/{id=*}', 'v1/* id[1..2]'],
  ['/v1/{id}:leave', 'v1/*:leave id[1..2]'],
  ['/v1/{a.b.c}/d', 'v1/*/d a.b.c[1..2]'],
  ['/v1/{name=shelves/*}', 'v1/shelves/* name[1..3]+'],
  ['/v1/{name=shelves/*/books/*}/pages/{page}', 'v1/shelves/*/books/*/pages/* name[1..5]+ page[6..7]'],
  ['/v1/{path=**}', 'v1/** path[1..]+'],
  ['/v1/{path=files/**}:read', 'v1/files/**:read path[1..]+'],
  ['/{a}/{b=**}', '*/** a[0..1] b[1..]+'],
  ['/v1/{kind=fixed}', 'v1/fixed kind[1..2]'],
  ['/a%20b/c%2Fd', 'a b/c/d'],
  ["/.well-known/~a_b!$&'()+,;@1", ".well-known/~a_b!$&'()+,;@1"],
  ['/a*b', 'a*b'],
  ['/%c3%a9', 'é'],
])('reads %s', (text, words) => {
  expect(inWords(text)).toBe(words)
})

it.each([
  ['', 1, 'expected /'],
  ['v1', 1, 'expected /'],
  ['/', 2, 'expected a segment'],
  ['/v1/', 5, 'expected a segment'],
  ['/v1//b', 5, 'expected a segment'],
  ['/**/b', 5, 'nothing but a verb may follow **'],
  ['/{a=**}/b', 9, 'nothing but a verb may follow **'],
  ['/{a=b/**/c}', 10, 'nothing but a verb may follow **'],
  ['/{a}/{a}', 8, 'a stands twice'],
  ['/{}', 3, 'expected a field name'],
  ['/{1a}', 3, 'expected a field name'],
  ['/{a.}', 5, 'expected a field name'],
  ['/{a', 4, 'expected }'],
  ['/{a=}', 5, 'expected a segment'],
  ['/{a={b}}', 5, 'expected a segment'],
  ['/{a=b', 6, 'expected }'],
  ['/a}', 3, 'unexpected character'],
  ['/a b', 3, 'unexpected character'],
  ['/a?b', 3, 'unexpected character'],
  ['/a:', 4, 'expected a segment'],
  ['/a:b:c', 5, 'unexpected character'],
  ['/a:b/c', 5, 'unexpected character'],
  ['/a%2', 3, 'unexpected character'],
  ['/%zz', 2, 'expected a segment'],
  ['/%ff', 5, 'malformed percent-encoding'],
  ['/***', 4, 'unexpected character'],
])('refuses "%s" at character %i', (text, at, why) => {
  expect(() => parseTemplate(text)).toThrow(`the template "${text}" is not valid at ${at}: ${why}`)
})
