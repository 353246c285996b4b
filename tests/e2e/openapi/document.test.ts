import { getOption } from '@bufbuild/protobuf'
import { http } from '@chat4all/gen/google/api/annotations_pb.js'
import given from '@chat4all/gen/openapi.json' with { type: 'json' }
import { validate } from '@readme/openapi-parser'
import { describe, expect, it } from 'vitest'
import { METHODS } from '../support/api.ts'
import { answerOf, type Document, operationsOf, parametersOf } from './documented.ts'
import { validatorOf } from './validators.ts'

const document = given as unknown as Document
const operations = operationsOf(document)
const expectValid = validatorOf(document)

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await validate(structuredClone(given) as never)).toMatchObject({ valid: true, warnings: [] })
  })

  it('has every HTTP path of every RPC, and none besides', () => {
    const rules = METHODS.map((method) => getOption(method, http)).flatMap((rule) => [rule, ...rule.additionalBindings])
    const served = rules.flatMap(({ pattern }) =>
      typeof pattern.value === 'string' ? [`${pattern.case!.toUpperCase()} ${nameless(pattern.value)}`] : [],
    )
    const documented = operations.filter(({ operation }) => !operation.tags.includes('Server'))
    expect(documented.map(({ method, path }) => `${method} ${nameless(path)}`).sort()).toEqual(served.sort())
  })

  it('tells in words what no schema can say', () => {
    const { description } = operations.find(({ operation }) => operation.operationId === 'getRangeDigest')!.operation
    expect(description).toContain('to_sequence must not be below from_sequence')
  })

  it('has a description of every operation, parameter, schema and property', () => {
    const silent = Object.entries(document.components.schemas).flatMap(([name, schema]) => {
      const properties = Object.entries((schema['properties'] ?? {}) as Record<string, { description?: string }>)
      const unsaid = properties
        .filter(([key, { description }]) => key !== '@type' && key !== 'domain' && !description)
        .map(([key]) => `${name}.${key}`)
      return schema['description'] ? unsaid : [name, ...unsaid]
    })
    const parameters = operations.flatMap(({ operation }) => parametersOf(document, operation)) as readonly {
      name: string
      description?: string
    }[]
    expect([...silent, ...parameters.filter(({ description }) => !description)]).toEqual([])
  })
})

describe('the examples', () => {
  it.each(operations.map((each) => [each.operation.operationId, each.operation] as const))(
    'of %s fit what they are examples of',
    (_id, operation) => {
      for (const { name, schema, example } of parametersOf(document, operation))
        if (example !== undefined) expectValid(name, schema, example)
      for (const { schema, example } of Object.values(operation.requestBody?.content ?? {})) expectValid('the body', schema, example)
      for (const status of Object.keys(operation.responses)) {
        for (const { schema, example } of Object.values(answerOf(document, operation, Number(status))!.content))
          if (example !== undefined) expectValid(status, schema, example)
      }
    },
  )

  it('of schemas fit them', () => {
    const examples = Object.entries(document.components.schemas).filter(([, schema]) => schema['examples'] !== undefined)
    expect(examples.length).toBeGreaterThan(10)
    for (const [name, schema] of examples) for (const example of schema['examples'] as unknown[]) expectValid(name, schema, example)
  })
})

function nameless(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, '{}')
}
