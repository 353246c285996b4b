import { fromBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { Health as HealthService, HealthCheckResponse_ServingStatus as Status } from '@chat4all/gen/grpc/health/v1/health_pb.js'
import { ServerReflection, type ServerReflectionRequest } from '@chat4all/gen/grpc/reflection/v1/reflection_pb.js'
import { ServerReflection as ServerReflectionAlpha } from '@chat4all/gen/grpc/reflection/v1alpha/reflection_pb.js'
import { createClient } from '@connectrpc/connect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reasonOf } from '../src/index.ts'
import { Fronts } from './fronts.ts'

let fronts: Fronts
beforeAll(async () => {
  fronts = await Fronts.start()
})
afterAll(() => fronts[Symbol.asyncDispose]())

type Question = ServerReflectionRequest['messageRequest']

describe.each([
  { version: 'v1', service: ServerReflection },
  { version: 'v1alpha', service: ServerReflectionAlpha as unknown as typeof ServerReflection },
])('reflection $version', ({ service }) => {
  async function ask(...questions: Question[]) {
    async function* requests() {
      for (const messageRequest of questions) yield { host: 'h', messageRequest }
    }
    const responses = await Array.fromAsync(createClient(service, fronts.transports['grpc-js']).serverReflectionInfo(requests()))
    return responses.map(({ messageResponse }) => messageResponse)
  }
  async function filesFor(...questions: Question[]) {
    return (await ask(...questions)).map((response) => {
      if (response.case !== 'fileDescriptorResponse') return [response.case]
      return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
    })
  }

  test('lists the services, itself among them', async () => {
    const [response] = await ask({ case: 'listServices', value: '' })
    const names = response?.case === 'listServicesResponse' ? response.value.service.map(({ name }) => name) : []
    expect(names).toEqual(
      expect.arrayContaining(['chat4all.v1.MessageService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection']),
    )
  })

  test('gives a file with everything it imports', async () => {
    const [names] = await filesFor({ case: 'fileByFilename', value: 'chat4all/v1/live_service.proto' })
    expect(names?.[0]).toBe('chat4all/v1/live_service.proto')
    expect(names).toEqual(
      expect.arrayContaining([
        'chat4all/v1/event.proto',
        'buf/validate/validate.proto',
        'google/api/http.proto',
        'google/protobuf/descriptor.proto',
      ]),
    )
  })

  test('gives what the stream has not carried yet', async () => {
    const again: Question = { case: 'fileByFilename', value: 'chat4all/v1/live_service.proto' }
    expect((await filesFor(again, again))[1]).toEqual(['chat4all/v1/live_service.proto'])
  })

  test.each([
    ['chat4all.v1.MessageService', 'chat4all/v1/message_service.proto'],
    ['chat4all.v1.MessageService.SendMessage', 'chat4all/v1/message_service.proto'],
    ['chat4all.v1.SendStatus', 'chat4all/v1/message_service.proto'],
    ['chat4all.v1.SendMessageRequest.payload', 'chat4all/v1/message_service.proto'],
    ['chat4all.v1.Payload', 'chat4all/v1/message.proto'],
    ['google.rpc.ErrorInfo', 'google/rpc/error_details.proto'],
    ['chat4all.v1.access', 'chat4all/v1/access.proto'],
    ['grpc.health.v1.HealthCheckResponse.ServingStatus', 'grpc/health/v1/health.proto'],
  ])('finds the file of %s', async (value, file) => {
    expect((await filesFor({ case: 'fileContainingSymbol', value }))[0]?.[0]).toBe(file)
  })

  test('finds extensions', async () => {
    const containingType = 'google.protobuf.MethodOptions'
    const [found] = await filesFor({ case: 'fileContainingExtension', value: { containingType, extensionNumber: 51200 } as never })
    expect(found?.[0]).toBe('chat4all/v1/access.proto')
    const [numbers, none] = await ask(
      { case: 'allExtensionNumbersOfType', value: containingType },
      { case: 'allExtensionNumbersOfType', value: 'chat4all.v1.Payload' },
    )
    expect(numbers?.value).toMatchObject({ baseTypeName: containingType, extensionNumber: expect.arrayContaining([51200, 72295728]) })
    expect(none?.value).toMatchObject({ extensionNumber: [] })
  })

  test('answers NOT_FOUND for what it does not know, and goes on', async () => {
    const responses = await ask(
      { case: 'fileByFilename', value: 'nothing.proto' },
      { case: 'fileContainingSymbol', value: 'chat4all.v1.Nothing' },
      { case: 'fileContainingExtension', value: { containingType: 'chat4all.v1.Payload', extensionNumber: 1 } as never },
      { case: 'allExtensionNumbersOfType', value: 'chat4all.v1.Nothing' },
      { case: 'listServices', value: '' },
    )
    expect(responses.slice(0, 4).map((response) => (response.case === 'errorResponse' ? response.value.errorCode : undefined))).toEqual([
      5, 5, 5, 5,
    ])
    expect(responses[4]?.case).toBe('listServicesResponse')
  })
})

describe('health', () => {
  const client = () => createClient(HealthService, fronts.transports['grpc-js'])
  const MESSAGES = 'chat4all.v1.MessageService'

  test('is not serving until it is set, as a whole or per service', async () => {
    expect(await client().check({})).toMatchObject({ status: Status.NOT_SERVING })
    fronts.health.set(true)
    fronts.health.set(false, MESSAGES)
    expect(await client().check({})).toMatchObject({ status: Status.SERVING })
    expect(await client().check({ service: MESSAGES })).toMatchObject({ status: Status.NOT_SERVING })
    const { statuses } = await client().list({})
    expect(statuses[MESSAGES]?.status).toBe(Status.NOT_SERVING)
    expect(statuses['chat4all.v1.LiveService']?.status).toBe(Status.SERVING)
  })

  test('does not know other services', async () => {
    const error = await client()
      .check({ service: 'nothing' })
      .catch((thrown: unknown) => thrown)
    expect([reasonOf(error), (error as { code: number }).code]).toEqual(['METHOD_NOT_FOUND', 5])
  })

  test('tells watchers of each change, also for a service that appears later', async () => {
    fronts.health.set(true)
    const known = client().watch({ service: MESSAGES })[Symbol.asyncIterator]()
    const unknown = client().watch({ service: 'later' })[Symbol.asyncIterator]()
    expect((await known.next()).value?.status).toBe(Status.SERVING)
    expect((await unknown.next()).value?.status).toBe(Status.SERVICE_UNKNOWN)
    fronts.health.set(false, MESSAGES)
    fronts.health.set(true, 'later')
    expect((await known.next()).value?.status).toBe(Status.NOT_SERVING)
    expect((await unknown.next()).value?.status).toBe(Status.SERVING)
    await Promise.all([known.return?.(), unknown.return?.()])
  })
})
