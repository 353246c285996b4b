export { list, serverEnv, shown } from './env.ts'
export { serviceSecrets } from './service-secrets.ts'
export { VERSION } from './version.ts'
