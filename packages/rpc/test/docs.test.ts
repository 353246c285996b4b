import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { docsRoutes, type Stoppable, startHttpServer } from '../src/index.ts'
import { Seen, services } from './fixture.ts'

let folder: string
let server: Stoppable
let base: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat4all-docs-'))
  const file = join(folder, 'openapi.json')
  await writeFile(file, '{"openapi":"3.1.0"}')
  const corsOrigins = ['https://app.example']
  server = await startHttpServer({ host: '127.0.0.1', port: 0, services: services(new Seen()), corsOrigins, routes: docsRoutes(file) })
  base = `http://127.0.0.1:${server.port}`
})
afterAll(async () => {
  await server.stop(1000)
  await rm(folder, { recursive: true })
})

test('serves the document, and says nothing more to those who have it', async () => {
  const first = await fetch(`${base}/openapi.json`)
  expect([first.status, first.headers.get('content-type'), first.headers.get('cache-control')]).toEqual([
    200,
    'application/json',
    'no-cache',
  ])
  expect(await first.json()).toEqual({ openapi: '3.1.0' })
  const etag = first.headers.get('etag')!
  const again = await fetch(`${base}/openapi.json`, { headers: { 'if-none-match': etag } })
  expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, ''])
  expect((await fetch(`${base}/openapi.json`, { headers: { 'if-none-match': 'W/"another"' } })).status).toBe(200)
})

test('packs what it serves for those who can unpack it, and tells caches what an answer depends on', async () => {
  const headers = { origin: 'https://app.example' }
  const packed = await fetch(`${base}/docs/swagger-ui.css`, { headers: { ...headers, 'accept-encoding': 'gzip' } })
  expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['gzip', 'origin, accept-encoding'])
  const plain = await fetch(`${base}/docs/swagger-ui.css`, { headers: { ...headers, 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(Number(packed.headers.get('content-length'))).toBeLessThan(Number(plain.headers.get('content-length')) / 4)
  expect(await packed.text()).toBe(await plain.text())
})

test('the page needs nothing but what is served beside it, and its policy allows nothing else', async () => {
  const page = await fetch(`${base}/docs`)
  const html = await page.text()
  const parts = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, part]) => part!)
  expect(parts).toHaveLength(4)
  for (const part of parts) expect([part, (await fetch(new URL(part, `${base}/docs`))).status]).toEqual([part, 200])
  expect(html).not.toMatch(/<script>|<style|\son\w+=/)
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /)
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
})

test('nothing can be changed there', async () => {
  const refused = await fetch(`${base}/docs`, { method: 'POST', body: 'x' })
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  expect((await fetch(`${base}/docs`, { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  const head = await fetch(`${base}/docs`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})
