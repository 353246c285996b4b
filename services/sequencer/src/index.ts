export { type SequencerConfig, sequencerConfig, sequencerEnv } from './config.ts'
export { createSequencerService, type SequencerDeps, type SequencerService } from './service.ts'
