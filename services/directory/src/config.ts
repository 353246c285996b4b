import { readEnv, z } from '@chat4all/base'

const SHAPE = {
  /** Days after which a new key signs tokens. */
  CHAT4ALL_SIGNING_KEY_DAYS: z.coerce.number().int().min(1).max(365).default(30),
}

export interface DirectoryConfig {
  readonly signingKeyDays: number
}

export function readDirectoryConfig(env: Readonly<Record<string, string | undefined>>): DirectoryConfig {
  return { signingKeyDays: readEnv(SHAPE, env).CHAT4ALL_SIGNING_KEY_DAYS }
}
