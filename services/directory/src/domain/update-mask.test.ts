import { create } from '@bufbuild/protobuf'
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { maskedFields } from './update-mask.ts'

test('names whole fields, or none when there is no mask', () => {
  expect(maskedFields(create(FieldMaskSchema, { paths: ['title', 'metadata'] }))).toEqual(['title', 'metadata'])
  expect(maskedFields(undefined)).toEqual([])
})

test('refuses a part of a field instead of passing over it', () => {
  expect(() => maskedFields(create(FieldMaskSchema, { paths: ['title', 'metadata.colour'] }))).toThrow('update_mask')
})
