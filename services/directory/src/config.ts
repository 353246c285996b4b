import { z } from '@chat4all/base'

/** The directory's environment. */
export const directoryEnv = {
  /** Days after which a new key signs tokens. */
  CHAT4ALL_SIGNING_KEY_DAYS: z.coerce.number().int().min(1).max(365).default(30),
}

export interface DirectoryConfig {
  readonly signingKeyDays: number
}

type DirectoryEnv = { readonly [K in keyof typeof directoryEnv]: number }

export function directoryConfig(env: DirectoryEnv): DirectoryConfig {
  return { signingKeyDays: env.CHAT4ALL_SIGNING_KEY_DAYS }
}
