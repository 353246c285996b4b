import { liveBusConformance } from '@chat4all/ports/conformance'
import { InProcessLiveBus } from './live-bus.ts'

liveBusConformance('one process', { open: async () => new InProcessLiveBus() })
