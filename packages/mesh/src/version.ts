import manifest from '../package.json' with { type: 'json' }

/** Of the platform: all its packages share one. */
export const VERSION: string = manifest.version
