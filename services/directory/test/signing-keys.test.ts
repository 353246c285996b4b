import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SigningKeys } from '../src/signing-keys.ts'
import { type Fixture, startFixture } from './fixture.ts'

const DAY_MS = 24 * 3600_000

let fixture: Fixture
beforeEach(async () => {
  fixture = await startFixture()
})
afterEach(() => fixture[Symbol.asyncDispose]())

/** What a start at this time finds as the signing key. */
const keyAtStart = async () => {
  using keys = new SigningKeys(fixture.deps)
  await keys.start()
  return (await keys.current()).keyId
}

describe('the signing key', () => {
  it('is made at the first start and kept at the next', async () => {
    expect(await fixture.directory.signingKeys()).toHaveLength(1)
    expect(await keyAtStart()).toBe(await keyAtStart())
  })

  it('is replaced when it is 30 days old', async () => {
    const first = await keyAtStart()
    fixture.clock.advance(30 * DAY_MS - 1)
    expect(await keyAtStart()).toBe(first)
    fixture.clock.advance(1)
    const second = await keyAtStart()
    expect(second).not.toBe(first)
    const retired = (await fixture.directory.signingKeys()).find((key) => key.keyId === first)!
    expect(retired.expiresAt! - retired.retiredAt!).toBe(25 * 3600_000 + 1000)
  })
})
