import type { DescEnum } from '@bufbuild/protobuf'

interface Names {
  /** Short and full names to full ones. */
  readonly toFull: ReadonlyMap<string, string>
  /** Full names to short ones. */
  readonly toShort: ReadonlyMap<string, string>
}

const names = new WeakMap<DescEnum, Names>()

/** The name that Protobuf's JSON has for a value: of "private" and "CONVERSATION_TYPE_PRIVATE" alike. */
export function enumValueJson(desc: DescEnum, name: string): string | undefined {
  return namesOf(desc).toFull.get(name)
}

/** "private" for "CONVERSATION_TYPE_PRIVATE". */
export function shortEnumName(desc: DescEnum, fullName: string): string {
  return namesOf(desc).toShort.get(fullName) ?? fullName
}

function namesOf(desc: DescEnum): Names {
  let found = names.get(desc)
  if (found === undefined) {
    const prefix = desc.sharedPrefix ?? ''
    const pairs = desc.values.map(({ jsonName, name }) => [jsonName, name.slice(prefix.length).toLowerCase(), name] as const)
    found = {
      toFull: new Map(pairs.flatMap(([full, short, name]) => [[short, full] as const, [full, full] as const, [name, full] as const])),
      toShort: new Map(pairs.map(([full, short]) => [full, short])),
    }
    names.set(desc, found)
  }
  return found
}
