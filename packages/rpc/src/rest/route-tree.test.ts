import { expect, it } from 'vitest'
import { ANY_METHOD, RouteTree, variableValue } from './route-tree.ts'
import { parseTemplate } from './template.ts'

const ROUTES = [
  'GET /v1/users',
  'POST /v1/users',
  'POST /v1/users:batch',
  'GET /v1/users/{id}',
  'PATCH /v1/users/{id}',
  'POST /v1/users/{id}:leave',
  'GET /v1/users/me',
  'GET /v1/users/{id}/photos/{photo}',
  'GET /v1/{name=files/*/parts/*}',
  'GET /v1/files/special/parts/{rest=**}',
  'GET /v1/tree/**',
  'GET /v1/tree/fixed/deep',
  'GET /v1/tree/*/leaf',
  'POST /v1/tree/{path=**}:prune',
  'GET /a%20b/%C3%A9',
  '* /any/{id}',
  'LIST /any/{id}',
] as const

const tree = new RouteTree<(typeof ROUTES)[number]>()
for (const route of ROUTES) {
  const [method, path] = route.split(' ') as [string, string]
  tree.add(method === '*' ? ANY_METHOD : method, parseTemplate(path), route)
}

function lookUp(method: string, path: string): string {
  const found = tree.find(method, path)
  if (found === undefined) return 'nothing'
  if (found.kind === 'wrong-method') return `allowed: ${found.allowed.join(', ')}`
  const { variables } = parseTemplate(found.value.split(' ')[1]!)
  const values = variables.map((variable) => ` ${variable.fieldPath}=${variableValue(variable, found.segments)}`)
  return `${found.value}${values.join('')}`
}

it.each([
  ['GET', '/v1/users', 'GET /v1/users'],
  ['POST', '/v1/users', 'POST /v1/users'],
  ['PUT', '/v1/users', 'allowed: GET, POST'],
  ['GET', '/v1/users/', 'nothing'],
  ['GET', '/v1', 'nothing'],
  ['GET', '/', 'nothing'],
  ['GET', '', 'nothing'],
  ['GET', '*', 'nothing'],
  // The most literal one goes first.
  ['GET', '/v1/users/7', 'GET /v1/users/{id} id=7'],
  ['GET', '/v1/users/me', 'GET /v1/users/me'],
  ['GET', '/v1/users/m%65', 'GET /v1/users/me'],
  ['PATCH', '/v1/users/me', 'PATCH /v1/users/{id} id=me'],
  ['GET', '/v1/tree/fixed/deep', 'GET /v1/tree/fixed/deep'],
  ['GET', '/v1/tree/fixed/leaf', 'GET /v1/tree/*/leaf'],
  ['GET', '/v1/tree/fixed/other', 'GET /v1/tree/**'],
  ['GET', '/v1/files/special/parts/1', 'GET /v1/files/special/parts/{rest=**} rest=1'],
  ['GET', '/v1/files/other/parts/1', 'GET /v1/{name=files/*/parts/*} name=files/other/parts/1'],
  // Zero or more segments.
  ['GET', '/v1/tree', 'GET /v1/tree/**'],
  ['GET', '/v1/tree/', 'GET /v1/tree/**'],
  ['GET', '/v1/tree/a/b/c', 'GET /v1/tree/**'],
  ['GET', '/v1/files/special/parts', 'GET /v1/files/special/parts/{rest=**} rest='],
  // A colon begins a verb, or belongs to the last segment.
  ['POST', '/v1/users:batch', 'POST /v1/users:batch'],
  ['GET', '/v1/users:batch', 'allowed: POST'],
  ['GET', '/v1/users:other', 'nothing'],
  ['POST', '/v1/users/7:leave', 'POST /v1/users/{id}:leave id=7'],
  ['POST', '/v1/users/a:b:leave', 'POST /v1/users/{id}:leave id=a:b'],
  ['GET', '/v1/users/a:b', 'GET /v1/users/{id} id=a:b'],
  ['GET', '/v1/users/a:leave', 'GET /v1/users/{id} id=a:leave'],
  ['GET', '/v1/users/a%3Aleave', 'GET /v1/users/{id} id=a:leave'],
  ['POST', '/v1/users/a%3Aleave', 'allowed: GET, PATCH'],
  ['POST', '/v1/users/:leave', 'allowed: GET, PATCH'],
  ['POST', '/v1/tree/a/b:prune', 'POST /v1/tree/{path=**}:prune path=a/b'],
  ['POST', '/v1/tree:prune', 'POST /v1/tree/{path=**}:prune path='],
  // Percent-encoding.
  ['GET', '/a%20b/%c3%a9', 'GET /a%20b/%C3%A9'],
  ['GET', '/v1/users/a%2Fb%20c', 'GET /v1/users/{id} id=a/b c'],
  ['GET', '/v1/users/a+b', 'GET /v1/users/{id} id=a+b'],
  ['GET', '/v1/users/%F0%9F%98%80/photos/%7B1%7D', 'GET /v1/users/{id}/photos/{photo} id=😀 photo={1}'],
  ['GET', '/v1/files/a%2fb/parts/c%20d', 'GET /v1/{name=files/*/parts/*} name=files/a%2fb/parts/c d'],
  ['GET', '/v1/files/special/parts/a%2Fb/c%25', 'GET /v1/files/special/parts/{rest=**} rest=a%2Fb/c%'],
  // Empty segments are no segments.
  ['GET', '/v1/users//photos/1', 'nothing'],
  ['GET', '//v1/users', 'nothing'],
  // Methods of one's own, and all of them.
  ['LIST', '/any/1', 'LIST /any/{id} id=1'],
  ['PURGE', '/any/1', '* /any/{id} id=1'],
])('%s %s leads to %s', (method, path, expected) => {
  expect(lookUp(method, path)).toBe(expected)
})

it.each(['/v1/users/%', '/v1/users/%zz', '/v1/users/%ff', '/v1/files/%E0%A4%A/parts/1'])('%s is refused for its escape', (path) => {
  expect(() => lookUp('GET', path)).toThrow('malformed percent-encoding')
})

it('tells what held a place before, whatever the variables are called', () => {
  const routes = new RouteTree<string>()
  expect(routes.add('GET', parseTemplate('/v1/{a}/b:c'), 'first')).toBe(undefined)
  expect(routes.add('GET', parseTemplate('/v1/{x.y=*}/b:c'), 'second')).toBe('first')
  expect(routes.add('POST', parseTemplate('/v1/{a}/b:c'), 'third')).toBe(undefined)
  expect(routes.find('GET', '/v1/1/b:c')).toMatchObject({ value: 'first' })
})
