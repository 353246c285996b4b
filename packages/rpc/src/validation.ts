import { create, type DescMessage, type Message } from '@bufbuild/protobuf'
import { pathToString } from '@bufbuild/protobuf/reflect'
import { createValidator, type Violation } from '@bufbuild/protovalidate'
import { ChatError } from '@chat4all/base'

/** Those of the schema: few, and none that backtracks. The library's own engine (RE2 in JavaScript) takes several times as long. */
const patterns = new Map<string, RegExp>()

function matches(pattern: string, text: string): boolean {
  const compiled = patterns.get(pattern) ?? new RegExp(pattern, 'u')
  patterns.set(pattern, compiled)
  return compiled.test(text)
}

/** One for the process: it keeps the compiled rules of every message type. */
const validator = createValidator({ regexMatch: matches })
const warmed = new Set<DescMessage>()

/** Throws FIELD_INVALID, naming every field that breaks a rule of the schema. */
export function validate(desc: DescMessage, message: Message): void {
  const result = validator.validate(desc, message)
  if (result.kind === 'valid') return
  if (result.kind === 'error') throw result.error
  const fields = result.violations.map((violation) => ({ field: pathToString(violation.field), description: describe(violation) }))
  throw new ChatError(
    'FIELD_INVALID',
    fields.map(({ field, description }) => (field ? `${field}: ${description}` : description)).join('; '),
    {
      fields,
    },
  )
}

/** Compiles the rules of a message type ahead of the first call (it takes tens of milliseconds), and throws if one does not compile. */
export function warmValidation(desc: DescMessage): void {
  if (warmed.has(desc)) return
  warmed.add(desc)
  const result = validator.validate(desc, create(desc))
  if (result.kind === 'error') throw result.error
}

function describe({ message, ruleId, forKey }: Violation): string {
  const text = message || `breaks the rule ${ruleId}`
  return forKey ? `a key: ${text}` : text
}
