/**
 * The live stream over WebSocket (RFC 6455), for clients that can hold no other stream open, or want to send on the one they have. The
 * contract is live_socket.proto.
 *
 * `front` takes the handshake. `live-socket` serves one connection: who calls, one live stream, and calls beside it, through the pipeline that
 * all fronts share. `socket-format` writes and reads its frames in either form, `socket-writer` is the stream's way out, and
 * `close-codes` says why a socket ended.
 */
export { socketFront } from './front.ts'
