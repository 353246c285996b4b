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
