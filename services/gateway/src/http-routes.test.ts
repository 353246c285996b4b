import document from '@chat4all/gen/openapi.json' with { type: 'json' }
import { Health } from '@chat4all/rpc'
import { expect, test } from 'vitest'
import { httpRoutes } from './http-routes.ts'

test('the OpenAPI document has every path that is served beside the services, but for the parts of its page', () => {
  const served = Object.keys(httpRoutes({ jwks: async () => '' }, new Health([]))).filter((path) => !path.startsWith('/docs/'))
  const documented = Object.entries(document.paths).filter(([, item]) => 'get' in item && item.get.tags[0] === 'Server')
  expect(documented.map(([path]) => path).sort()).toEqual(served.sort())
})
