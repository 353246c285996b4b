import { expect, it } from 'vitest'
import { bindingsOf } from './bindings.ts'
import { allowHeader, findRoute, routesOf } from './router.ts'
import { contract, type Rule, rule } from './testing/contract.ts'

const MESSAGES = {
  In: [
    'string id',
    'Inner inner',
    'repeated string tags',
    'map<string, string> labels',
    'google.protobuf.Timestamp at',
    'google.protobuf.Struct any',
  ],
  Inner: ['string name', 'repeated Inner more'],
  Out: ['string done', 'repeated Inner found'],
}

function methods(rpcs: Readonly<Record<string, readonly [string, Rule | undefined]>>) {
  return contract({ messages: MESSAGES, rpcs }).service.methods
}

function bindings(given: Rule, types = 'In -> Out') {
  return bindingsOf(methods({ Do: [types, given] })[0]!)
}

const route = (desc: ReturnType<typeof methods>[number]) => ({ path: `/${desc.parent.typeName}/${desc.name}`, desc }) as never

it('reads every kind of rule', () => {
  const nested = rule('put', '/v1/{inner.name}', { body: 'inner', responseBody: 'found' })
  const custom = { pattern: { case: 'custom', value: { kind: 'list', path: '/v1/all' } } } as Rule
  const found = bindings(rule('post', '/v1/{at}', { body: '*', additionalBindings: [nested, custom] }))
  expect(
    found.map(({ httpMethod, body, responseBody, variables }) => [
      httpMethod,
      typeof body === 'object' ? body.name : body,
      responseBody?.name,
      variables.map(({ fields }) => fields.map(({ name }) => name).join('.')).join(),
    ]),
  ).toEqual([
    ['POST', '*', undefined, 'at'],
    ['PUT', 'inner', 'found', 'inner.name'],
    ['LIST', undefined, undefined, ''],
  ])
})

it('leaves out RPCs without a rule', () => {
  expect(bindingsOf(methods({ Do: ['In -> Out', undefined] })[0]!)).toEqual([])
})

it.each<[string, Rule, string, string?]>([
  ['an unknown field in the path', rule('get', '/v1/{nothing}'), '{nothing} is no field of test.v1.In'],
  ['an unknown field inside another', rule('get', '/v1/{inner.nothing}'), '{inner.nothing} is no field of test.v1.In'],
  ['a field inside a text', rule('get', '/v1/{id.name}'), '{id.name} is no field of test.v1.In'],
  ['a field inside a list', rule('get', '/v1/{inner.more.name}'), '{inner.more.name} is no field of test.v1.In'],
  ['a list in the path', rule('get', '/v1/{tags}'), '{tags} is repeated, and a path holds one value'],
  ['a map in the path', rule('get', '/v1/{labels}'), '{labels} is repeated, and a path holds one value'],
  ['a message in the path', rule('get', '/v1/{inner}'), '{inner} is a message, and a path holds one value'],
  ['a Struct in the path', rule('get', '/v1/{any}'), '{any} is a message, and a path holds one value'],
  ['an unknown body', rule('post', '/v1', { body: 'nothing' }), 'body names "nothing", which is no field of test.v1.In'],
  ['a body inside a field', rule('post', '/v1', { body: 'inner.name' }), 'body names "inner.name", which is no field of test.v1.In'],
  ['an unknown response body', rule('get', '/v1', { responseBody: 'id' }), 'response_body names "id", which is no field of test.v1.Out'],
  ['a body of a GET', rule('get', '/v1', { body: '*' }), 'a GET takes no body'],
  ['a broken template', rule('get', '/v1/{id'), 'the template "/v1/{id" is not valid at 8: expected }'],
  ['no path', {}, 'the HTTP method and path are missing'],
  [
    'nested bindings',
    rule('get', '/v1', { additionalBindings: [rule('get', '/v2', { additionalBindings: [rule('get', '/v3')] })] }),
    'additional_bindings may not be nested',
  ],
  ['a stream of requests', rule('post', '/v1', { body: '*' }), 'HTTP can carry no stream of requests', 'stream In -> Out'],
])('%s stops the start', (_name, given, why, types) => {
  expect(() => bindings(given, types)).toThrow(`test.v1.TestService.Do: ${why}`)
})

it('two RPCs that claim one path stop the start, whatever they call its variables', () => {
  const clash = methods({
    First: ['In -> Out', rule('get', '/v1/things/{id}')],
    Second: ['In -> Out', rule('post', '/v1/things', { additionalBindings: [rule('get', '/v1/things/{inner.name=*}')] })],
  })
  expect(() => routesOf(clash.map(route))).toThrow(
    '/test.v1.TestService/Second and /test.v1.TestService/First both claim the same GET path',
  )
})

it('answers HEAD as GET, unless an RPC takes HEAD itself', () => {
  const head = { pattern: { case: 'custom', value: { kind: 'HEAD', path: '/v1/b' } } } as Rule
  const routes = routesOf(
    methods({
      A: ['In -> Out', rule('get', '/v1/a')],
      B: ['In -> Out', rule('get', '/v1/b')],
      C: ['In -> Out', head],
      D: ['In -> Out', rule('post', '/v1/d', { body: '*' })],
    }).map(route),
  )
  const look = (path: string) => {
    const found = findRoute(routes, 'HEAD', path)
    return found?.kind === 'match' ? found.value.desc.name : found?.allowed
  }
  expect([look('/v1/a'), look('/v1/b'), look('/v1/d')]).toEqual(['A', 'C', ['POST']])
  expect([allowHeader(['GET', 'POST']), allowHeader(['POST'])]).toEqual(['HEAD, GET, POST, OPTIONS', 'POST, OPTIONS'])
})
