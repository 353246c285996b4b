export { type GatewayConfig, gatewayConfig, gatewayEnv } from './config.ts'
export type { GatewayDeps } from './deps.ts'
export { createGatewayService, type GatewayService } from './service.ts'
