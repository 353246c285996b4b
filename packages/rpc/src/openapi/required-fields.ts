import { create, type DescMessage } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'

const validator = createValidator()

/** The fields that a request must set: those that the validator misses in an empty one. */
export function requiredFields(desc: DescMessage): ReadonlySet<string> {
  const { error, violations = [] } = validator.validate(desc, create(desc))
  if (error !== undefined && violations.length === 0) throw error
  const missed = violations.flatMap(({ field: [first, ...inner] }) => (first?.kind === 'field' && inner.length === 0 ? [first.name] : []))
  return new Set(missed)
}
