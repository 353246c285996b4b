export declare class ThinClient {
  static connect(port: number, token?: string): Promise<ThinClient>
  onText: ((text: string) => void) | null
  onBreak: (failure: Error | undefined) => void
  call(path: string, request: Uint8Array): Promise<Buffer>
  subscribe(): Promise<void>
  send(conversationId: string, text: string, onAnswer: (error?: Error) => void): void
  close(): Promise<void>
}
