import { z } from '@chat4all/base'

/** The gateway's environment. */
export const gatewayEnv = {
  /** Sends that may wait for the log at once, over all callers. Beyond it sends are refused, so that what is accepted is answered soon. */
  CHAT4ALL_MAX_SENDS_IN_FLIGHT: z.coerce.number().int().min(1).max(100_000).default(160),
  /** From 100 sends in flight on, more are refused while the last one answered had waited longer than this for the log, in milliseconds. */
  CHAT4ALL_MAX_SEND_LATENCY_MS: z.coerce.number().int().min(5).max(10_000).default(25),
  /** From 100 sends in flight on, more are refused while the event loop is later than this, in milliseconds. */
  CHAT4ALL_MAX_LOOP_DELAY_MS: z.coerce.number().int().min(5).max(10_000).default(25),
  /** Messages and changes of messages that one conversation may get in a second through this process; more are refused. Far above what people write, and what one partition can order. */
  CHAT4ALL_CONVERSATION_SENDS_PER_SECOND: z.coerce.number().int().min(1).max(100_000).default(5_000),
  /** How many seconds' worth of them may come at once after a quiet time. */
  CHAT4ALL_CONVERSATION_BURST_SECONDS: z.coerce.number().int().min(1).max(60).default(2),
  /** Bytes that may wait for one subscriber before it is cut off as too slow. */
  CHAT4ALL_SUBSCRIBER_QUEUE_BYTES: z.coerce.number().int().min(65_536).max(67_108_864).default(1_048_576),
  /** Seconds between heartbeats on a live stream on which nothing happens. */
  CHAT4ALL_HEARTBEAT_SECONDS: z.coerce.number().int().min(1).max(300).default(15),
}

export interface GatewayConfig {
  readonly maxSendsInFlight: number
  readonly maxSendLatencyMs: number
  readonly maxLoopDelayMs: number
  readonly conversationSendsPerSecond: number
  readonly conversationBurstSeconds: number
  readonly subscriberQueueBytes: number
  readonly heartbeatSeconds: number
}

type GatewayEnv = { readonly [K in keyof typeof gatewayEnv]: number }

export function gatewayConfig(env: GatewayEnv): GatewayConfig {
  return {
    maxSendsInFlight: env.CHAT4ALL_MAX_SENDS_IN_FLIGHT,
    maxSendLatencyMs: env.CHAT4ALL_MAX_SEND_LATENCY_MS,
    maxLoopDelayMs: env.CHAT4ALL_MAX_LOOP_DELAY_MS,
    conversationSendsPerSecond: env.CHAT4ALL_CONVERSATION_SENDS_PER_SECOND,
    conversationBurstSeconds: env.CHAT4ALL_CONVERSATION_BURST_SECONDS,
    subscriberQueueBytes: env.CHAT4ALL_SUBSCRIBER_QUEUE_BYTES,
    heartbeatSeconds: env.CHAT4ALL_HEARTBEAT_SECONDS,
  }
}
