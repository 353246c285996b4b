import type { DescFile, DescMessage } from '@bufbuild/protobuf'

/** Finds the file that declares something, among some files and all that they import. */
export class DescriptorIndex {
  readonly files = new Map<string, DescFile>()
  readonly #symbols = new Map<string, DescFile>()
  /** By the extended type: extension number to file. */
  readonly #extensions = new Map<string, Map<number, DescFile>>()

  constructor(files: readonly DescFile[]) {
    for (const file of files) this.#addFile(file)
  }

  fileOfSymbol(name: string): DescFile | undefined {
    return this.#symbols.get(name)
  }

  /** The extensions of a message type. Undefined for an unknown type. */
  extensionsOf(typeName: string): ReadonlyMap<number, DescFile> | undefined {
    return this.#extensions.get(typeName)
  }

  #addFile(file: DescFile): void {
    if (this.files.has(file.proto.name)) return
    this.files.set(file.proto.name, file)
    for (const dependency of file.dependencies) this.#addFile(dependency)
    for (const { typeName } of file.enums) this.#symbols.set(typeName, file)
    for (const message of file.messages) this.#addMessage(message)
    for (const extension of file.extensions) this.#addExtension(extension.typeName, extension.extendee.typeName, extension.number, file)
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file)
      for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, file)
    }
  }

  #addMessage(message: DescMessage): void {
    const { file, typeName } = message
    this.#symbols.set(typeName, file)
    if (!this.#extensions.has(typeName)) this.#extensions.set(typeName, new Map())
    for (const field of message.fields) this.#symbols.set(`${typeName}.${field.name}`, file)
    for (const nested of message.nestedEnums) this.#symbols.set(nested.typeName, file)
    for (const nested of message.nestedMessages) this.#addMessage(nested)
    for (const nested of message.nestedExtensions) this.#addExtension(nested.typeName, nested.extendee.typeName, nested.number, file)
  }

  #addExtension(name: string, extendee: string, number: number, file: DescFile): void {
    this.#symbols.set(name, file)
    const numbers = this.#extensions.get(extendee) ?? new Map<number, DescFile>()
    this.#extensions.set(extendee, numbers.set(number, file))
  }
}

/** A file and everything it imports, itself first. */
export function withDependencies(file: DescFile, seen = new Set<DescFile>()): ReadonlySet<DescFile> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const dependency of file.dependencies) withDependencies(dependency, seen)
  return seen
}
