// Loaded before a service that tests want to harm from within: it does what the file `sabotage.json` in its folder says.
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const POLL_MS = 50
let offsetMs = 0
let text = ''

const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(RealDate.now() + offsetMs)
    else super(...values)
  }
  static now() {
    return RealDate.now() + offsetMs
  }
}

function runOutOfMemory() {
  const kept = []
  for (;;) kept.push(new Array(1_000_000).fill(kept.length))
}

function obey({ clockOffsetMs = 0, crash }) {
  offsetMs = clockOffsetMs
  if (!isMainThread) return
  if (crash === 'rejection') Promise.reject(new Error('nobody handles this'))
  if (crash === 'memory') runOutOfMemory()
}

setInterval(() => {
  try {
    const now = readFileSync('sabotage.json', 'utf8')
    if (now === text) return
    text = now
    obey(JSON.parse(now))
  } catch {
    // Nothing to do, or not written to the end.
  }
}, POLL_MS).unref()
