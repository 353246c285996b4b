import { parseArgs } from 'node:util'

export const HELP = `usage: make demo-load [ENGINE=single] [ARGS='…'], or scripts/node scripts/demo/load.ts

Sends 100,000 messages a minute for a minute into the mesh on this machine (300,000 into the one-process engine), all of them
stored and delivered to live receivers. Shows how it goes, then the latency, where the CPU time went, and what the checker says,
which reads the store itself.

  --engine mesh|single        services apart on real engines (default), or everything in one process
  --per-minute N|max          the rate to hold (default 100000; single 300000); max: the highest one that holds
  --seconds N                 how long to hold it (default 60)
  --warm-up N                 seconds at the rate before, in which code gets compiled (default 30)
  --pairs N                   senders, each with a live receiver of its own (default 60)
  --window N                  messages that a sender has under way (default 24)
  --bytes N                   of a message's text (default 200)
  --partitions N              of the log (default 4: fewer than the 16 of production, and so larger batches)
  --commit-log periodic|batch when Cassandra syncs its commit log (default periodic; batch: before each write counts)

  make demo-load
  make demo-load ENGINE=single
  make demo-load ARGS='--per-minute max'
  make demo-load ARGS='--per-minute 30000 --commit-log batch'`

export interface LoadSettings {
  readonly engine: 'mesh' | 'single'
  /** Undefined: the highest that holds. */
  readonly perSecond: number | undefined
  readonly seconds: number
  readonly warmUp: number
  readonly pairs: number
  readonly window: number
  readonly bytes: number
  readonly partitions: number
  readonly commitLog: 'periodic' | 'batch'
}

/** Throws for what it does not understand. */
export function readSettings(args: readonly string[]): LoadSettings {
  const text = (value: string) => ({ type: 'string', default: value }) as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: text('mesh'),
      'per-minute': { type: 'string' },
      seconds: text('60'),
      'warm-up': text('30'),
      pairs: text('60'),
      window: text('24'),
      bytes: text('200'),
      partitions: text('4'),
      'commit-log': text('periodic'),
    },
  })
  const engine = oneOf('--engine', values.engine, ['mesh', 'single'])
  const rate = values['per-minute'] ?? (engine === 'mesh' ? '100000' : '300000')
  return {
    engine,
    perSecond: rate === 'max' ? undefined : number('--per-minute', rate) / 60,
    seconds: number('--seconds', values.seconds),
    warmUp: number('--warm-up', values['warm-up']),
    pairs: number('--pairs', values.pairs),
    window: number('--window', values.window),
    bytes: number('--bytes', values.bytes),
    partitions: number('--partitions', values.partitions),
    commitLog: oneOf('--commit-log', values['commit-log'], ['periodic', 'batch']),
  }
}

function number(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value)
  throw new Error(`${name} takes a whole number above 0, not ${value}`)
}

function oneOf<const T extends string>(name: string, value: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === value)
  if (choice === undefined) throw new Error(`${name} takes ${choices.join(' or ')}, not ${value}`)
  return choice
}
