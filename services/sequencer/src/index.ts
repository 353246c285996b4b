export { type SequencerConfig, sequencerConfig, sequencerEnv } from './config.ts'
export { startSequencerServer } from './server.ts'
export { createSequencerService, type SequencerDeps, type SequencerService } from './service.ts'
