import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { PresenceChange, PresenceEntry, PresenceKey, PresenceStore } from '../presence-store.ts'

/** What the suite needs of an engine. */
export interface PresenceStoreFixture {
  /** Opens the engine, with a short time to live: the suite waits for it. */
  open(): Promise<PresenceStore>
}

let count = 0
/** A user that no other test uses: tests share one store. */
const newUser = () => ({ tenantId: 'tenant-1', userId: `user-${++count}` })
const text = (value: Uint8Array) => Buffer.from(value).toString()
const shown = (entries: readonly PresenceEntry[]) => entries.map(({ deviceId, value }) => `${deviceId}=${text(value)}`).sort()
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 20 })

/** Cases of the PresenceStore contract. */
export function presenceStoreConformance(engine: string, fixture: PresenceStoreFixture): void {
  describe(`PresenceStore on ${engine}`, () => {
    let store: PresenceStore
    beforeAll(async () => {
      store = await fixture.open()
    })
    afterAll(() => store[Symbol.asyncDispose]())

    const put = (key: PresenceKey, value: string) => store.put({ ...key, value: Buffer.from(value) })
    const list = ({ tenantId, userId }: Omit<PresenceKey, 'deviceId'>) => store.list(tenantId, userId)
    /** Watches a user, keeping what it is told as `device=value` or `device gone`. */
    const watch = async ({ tenantId, userId }: Omit<PresenceKey, 'deviceId'>) => {
      const seen: string[] = []
      const tell = (change: PresenceChange) =>
        seen.push(change.kind === 'present' ? `${change.entry.deviceId}=${text(change.entry.value)}` : `${change.key.deviceId} gone`)
      return { seen, stop: await store.watch(tenantId, userId, tell) }
    }

    it('lists the devices of a user with what was put last', async () => {
      const user = newUser()
      expect(await list(user)).toEqual([])
      await put({ ...user, deviceId: 'phone' }, 'away')
      await put({ ...user, deviceId: 'laptop' }, 'online')
      await put({ ...user, deviceId: 'phone' }, 'online')
      expect(shown(await list(user))).toEqual(['laptop=online', 'phone=online'])
    })

    it('keeps users and tenants apart, whatever characters their ids have', async () => {
      const odd = { tenantId: 'tenant.*', userId: 'a.b > ü 用户' }
      await put({ ...odd, deviceId: 'd.1' }, 'x')
      expect(await list(odd)).toMatchObject([{ ...odd, deviceId: 'd.1' }])
      expect(await list({ ...odd, tenantId: 'tenant' })).toEqual([])
      expect(await list({ ...odd, userId: 'a' })).toEqual([])
    })

    it('keeps bytes unchanged, empty and large ones too', async () => {
      const user = newUser()
      const values = [new Uint8Array(0), Uint8Array.from({ length: 4_096 }, (_, index) => index)]
      for (const [index, value] of values.entries()) await store.put({ ...user, deviceId: `d${index}`, value })
      const found = new Map((await list(user)).map(({ deviceId, value }) => [deviceId, value]))
      expect(values.map((value, index) => Buffer.compare(value, found.get(`d${index}`)!))).toEqual([0, 0])
    })

    it('removes an entry at once, and one that is not there', async () => {
      const user = newUser()
      await put({ ...user, deviceId: 'phone' }, 'online')
      await store.remove({ ...user, deviceId: 'phone' })
      await store.remove({ ...user, deviceId: 'never' })
      expect(await list(user)).toEqual([])
    })

    it('forgets what is not put again, and keeps what is', async () => {
      const user = newUser()
      await put({ ...user, deviceId: 'lost' }, 'online')
      const refreshing = setInterval(() => void put({ ...user, deviceId: 'kept' }, 'online').catch(() => {}), store.ttlMs / 4)
      await put({ ...user, deviceId: 'kept' }, 'online')
      await eventually(async () => expect(shown(await list(user))).toEqual(['kept=online']))
      clearInterval(refreshing)
      await eventually(async () => expect(await list(user)).toEqual([]))
    })

    it('tells a watcher who is there, then who comes, changes and goes', async () => {
      const user = newUser()
      await put({ ...user, deviceId: 'phone' }, 'online')
      const { seen, stop } = await watch(user)
      expect(seen).toEqual(['phone=online'])
      await put({ ...newUser(), deviceId: 'phone' }, 'somebody else')
      await put({ ...user, deviceId: 'phone' }, 'away')
      await store.remove({ ...user, deviceId: 'phone' })
      await put({ ...user, deviceId: 'laptop' }, 'online')
      await eventually(() => expect(seen).toEqual(['phone=online', 'phone=away', 'phone gone', 'laptop=online']))
      stop()
    })

    it('tells a watcher of nobody, and what follows', async () => {
      const user = newUser()
      const { seen, stop } = await watch(user)
      expect(seen).toEqual([])
      await put({ ...user, deviceId: 'phone' }, 'online')
      await eventually(() => expect(seen).toEqual(['phone=online']))
      stop()
    })

    it('tells a watcher who was not refreshed', async () => {
      const user = newUser()
      const { seen, stop } = await watch(user)
      await put({ ...user, deviceId: 'phone' }, 'online')
      await eventually(() => expect(seen).toEqual(['phone=online', 'phone gone']))
      stop()
    })

    it('tells nothing after the watcher stopped, and goes on with the others', async () => {
      const user = newUser()
      const [one, two] = [await watch(user), await watch(user)]
      one.stop()
      one.stop()
      await put({ ...user, deviceId: 'phone' }, 'online')
      await eventually(() => expect(two.seen).toEqual(['phone=online']))
      expect(one.seen).toEqual([])
      two.stop()
    })
  })
}
