import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls'
import type { Logger } from '@chat4all/base'

/** A certificate (with its chain) and its key, as PEM. */
export interface TlsFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** How often the files are looked at. Certificates that are replaced are valid for a while beside their successors. */
const LOOK_MS = 5_000

/** TLS 1.3 and nothing older. Throws if the files hold no certificate and its key. */
export function tlsOptions(files: TlsFiles, handshakeMs: number): TlsOptions {
  return { ...read(files), ALPNProtocols: ['h2', 'http/1.1'], handshakeTimeout: handshakeMs }
}

/** Calls back with the new certificate whenever the files have changed. What can't be read is logged, and the old one stays. Returns how to stop. */
export function watchCertificate(files: TlsFiles, log: Logger, use: (options: SecureContextOptions) => void): () => void {
  const look = () => {
    try {
      use(read(files))
      log.info({ file: files.certFile }, 'the certificate was replaced')
    } catch (error) {
      log.error({ file: files.certFile, err: error }, 'the new certificate cannot be used; the old one stays')
    }
  }
  const names = [files.certFile, files.keyFile]
  for (const name of names) watchFile(name, { interval: LOOK_MS, persistent: false }, look)
  return () => {
    for (const name of names) unwatchFile(name, look)
  }
}

function read({ certFile, keyFile }: TlsFiles): SecureContextOptions {
  const options = { cert: readFileSync(certFile), key: readFileSync(keyFile), minVersion: 'TLSv1.3' } as const
  createSecureContext(options) // throws where the two do not belong together
  return options
}
