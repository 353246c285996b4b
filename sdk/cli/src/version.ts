/** Set by the build. */
declare const CHAT4ALL_VERSION: string | undefined

export const version: string = typeof CHAT4ALL_VERSION === 'undefined' ? '0.0.0' : CHAT4ALL_VERSION
