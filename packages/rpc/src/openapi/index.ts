/**
 * OpenAPI 3.1 of what `rest/` serves, made from the same bindings. Pure: descriptors with comments go in, a document comes out.
 * `make gen` writes it to gen/openapi.json (scripts/openapi.ts); servers only hand that file out.
 *
 * 1. `document` puts it together; `operation` is one way to call an RPC, of `path`, `parameters`, `request-body` and `responses`.
 * 2. `schemas` are the messages and enums that these refer to: `message-schema`, `scalar-schema`, `well-known`. What callers send is
 *    described apart from what is answered: requests have limits and may leave fields out, answers hold every field that has a value.
 * 3. `rules` and `required-fields` turn buf.validate into limits of schemas; `comments` reads the comments of the contracts.
 * 4. `error-responses` has the reasons and statuses of each call, `error-schemas` the form of errors, `examples` checks the examples.
 */
export { openApiDocument } from './document.ts'
export type { Examples } from './examples.ts'
