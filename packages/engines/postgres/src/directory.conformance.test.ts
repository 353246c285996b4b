import { directoryConformance } from '@chat4all/ports/conformance'
import { openPostgresDirectory } from './index.ts'

directoryConformance('PostgreSQL', { open: () => openPostgresDirectory({ url: process.env.PGURL! }) })
