import { isDeepStrictEqual } from 'node:util'

/** A setting that is not as it should be. */
export interface Drift {
  readonly field: string
  readonly wanted: unknown
  readonly found: unknown
}

/** Which of the wanted settings differ. Settings that are not wanted, such as the server's defaults, do not count; an absent one equals its zero value, which the server leaves out. */
export function findDrift(wanted: object, found: object): readonly Drift[] {
  const actual = new Map(Object.entries(found))
  return Object.entries(wanted)
    .map(([field, value]) => ({ field, wanted: value, found: actual.get(field) }))
    .filter((drift) => !(isDeepStrictEqual(drift.wanted, drift.found) || (drift.found === undefined && isZero(drift.wanted))))
}

const isZero = (value: unknown) => value === false || value === 0 || value === ''
