/** Field masks name fields as the messages beside them do, in snake_case; Protobuf's JSON has them in camelCase. Either is taken. */
export function maskToJson(paths: string): string {
  return paths.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

export function maskFromJson(paths: string): string {
  return paths.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
