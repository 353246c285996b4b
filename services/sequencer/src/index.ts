export { createSequencerService, type SequencerDeps, type SequencerService } from './service.ts'
