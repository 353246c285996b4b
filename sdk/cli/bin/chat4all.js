#!/usr/bin/env node
const bundle = new URL('../dist/chat4all.js', import.meta.url)

try {
  await import(bundle.href)
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  console.error('chat4all: not built yet: run `make up`, or `make build`')
  process.exitCode = 1
}
