import type { JsonObject } from '@bufbuild/protobuf'

const TAG = 'Server'

/** What the HTTP port serves beside the services (services/gateway/src/fronts.ts). */
export const otherTags: readonly JsonObject[] = [{ name: TAG, description: 'The server itself. None of these needs a token.' }]

export const otherPaths: JsonObject = {
  '/.well-known/jwks.json': get('getJwks', 'Get the public keys', 'The keys that verify tokens, as a JSON Web Key Set (RFC 7517).', {
    200: answer('The keys.', 'application/json', {
      type: 'object',
      properties: { keys: { type: 'array', items: { type: 'object', required: ['kty', 'kid'] } } },
      required: ['keys'],
    }),
  }),
  '/healthz': get('getLiveness', 'Is the process alive', '', { 200: answer('It is.', 'text/plain', { type: 'string' }) }),
  '/readyz': get('getReadiness', 'Does the process want calls', 'For load balancers.', {
    200: answer('It does.', 'text/plain', { type: 'string' }),
    503: answer('Not now.', 'text/plain', { type: 'string' }),
  }),
  '/openapi.json': get('getOpenApi', 'Get this document', '', {
    200: answer('The document.', 'application/json', { type: 'object', required: ['openapi', 'info', 'paths'] }),
  }),
  '/docs': get('getDocs', 'Read this document', 'For people: calls can be tried out there.', {
    200: answer('A page.', 'text/html', { type: 'string' }),
  }),
}

function get(operationId: string, summary: string, description: string, responses: JsonObject): JsonObject {
  return { get: { operationId, tags: [TAG], summary, ...(description === '' ? {} : { description }), security: [], responses } }
}

function answer(description: string, contentType: string, schema: JsonObject): JsonObject {
  return { description, content: { [contentType]: { schema } } }
}
