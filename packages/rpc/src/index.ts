export type { Authenticators } from './access.ts'
export { docsRoutes } from './docs/routes.ts'
export { asChatError, connectErrorOf, reasonOf, statusOf } from './errors.ts'
export { type GrpcServerOptions, startGrpcServer } from './grpc-server.ts'
export {
  type Authenticate,
  type BidiHandler,
  type CallContext,
  type Principal,
  type RpcService,
  rpcService,
  type ServerStreamHandler,
  type ServiceHandlers,
  type StreamReceiver,
  type StreamWriter,
  type UnaryHandler,
} from './handler.ts'
export { Health } from './health.ts'
export { healthRoutes } from './health-routes.ts'
export { type HttpHandler, type HttpServerOptions, startHttpServer } from './http-server.ts'
export { inMemoryTransport } from './in-memory.ts'
export { refusal, type Serving } from './invoke.ts'
export { MaxAge } from './max-age.ts'
export { authenticateByHeader, decodePrincipal, encodePrincipal, PRINCIPAL_HEADER } from './principal-header.ts'
export { reflectionServices } from './reflection.ts'
export { REQUEST_ID_HEADER } from './request-id.ts'
export { ServiceTokens } from './service-token.ts'
export { type ServiceTransport, serviceTransport } from './service-transport.ts'
export type { Stoppable } from './stoppable.ts'
export type { TlsFiles } from './tls.ts'
export { currentTrace, traceIdOf, withTrace } from './trace.ts'
export { validate } from './validation.ts'
