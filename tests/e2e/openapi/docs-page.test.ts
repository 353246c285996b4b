import { newId } from '@chat4all/base'
import { browserMissing, findBrowser } from '@chat4all/testkit'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Tenant, World } from '../support/world.ts'

const missing = browserMissing()

let world: World
let acme: Tenant
let base: string
let browser: Browser | undefined
beforeAll(async () => {
  if (missing !== undefined) return
  world = await World.start()
  acme = await world.tenant()
  base = `http://127.0.0.1:${world.server.httpPort}`
  // Chromium's own sandbox needs rights that containers lack; it only sees pages of our own.
  const args = ['--no-sandbox', '--disable-dev-shm-usage']
  browser = await chromium.launch({ executablePath: findBrowser()!, args })
})
afterAll(async () => {
  await browser?.close()
  await world?.[Symbol.asyncDispose]()
})

/** Fills in an operation, sends it, and gives its part of the page. */
async function tryOut(page: Page, operationId: string, fill: (form: Locator) => Promise<void>): Promise<Locator> {
  const operation = page.locator(`[id$="-${operationId}"]`)
  await operation.locator('.opblock-summary-control').click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await fill(operation)
  await operation.getByRole('button', { name: 'Execute' }).click()
  await operation.locator('.live-responses-table tbody .response-col_status').first().waitFor()
  return operation.locator('.live-responses-table')
}

const parameter = (form: Locator, name: string) => form.locator(`tr[data-param-name="${name}"] input`)
/** The status and the JSON that the page shows. */
const shown = async (response: Locator) => [
  (await response.locator('tbody .response-col_status').first().textContent())?.trim(),
  JSON.parse((await response.locator('tbody .response-col_description pre').first().textContent()) ?? ''),
]

it('whoever reads the page authorises, sends a message, and reads it back', async (context) => {
  context.skip(missing !== undefined, missing)
  const [ana, bruno] = await acme.people('ana', 'bruno')
  const conversation = await acme.group(ana!, bruno!)
  const page = await browser!.newPage({ viewport: { width: 1100, height: 1500 } })
  const elsewhere: string[] = []
  const complaints: string[] = []
  page.on(
    'request',
    (request) => void (new URL(request.url()).origin === base || request.url().startsWith('data:') || elsewhere.push(request.url())),
  )
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
  page.on('pageerror', (error) => void complaints.push(String(error)))
  await page.goto(`${base}/docs`)

  await page.getByRole('button', { name: 'Authorize' }).first().click()
  const dialog = page.locator('.auth-container')
  await dialog.locator('input').fill(ana!.token)
  await dialog
    .getByRole('button', { name: 'Apply credentials' })
    .or(dialog.getByRole('button', { name: 'Authorize' }))
    .click()
  await page.getByRole('button', { name: 'Close' }).click()

  const message_id = newId()
  const message = { message_id, conversation_id: conversation, payload: { type: 'text', text: 'Hello from the page!' } }
  const sent = await tryOut(page, 'sendMessage', (form) => form.locator('textarea').fill(JSON.stringify(message, undefined, 2)))
  expect(await shown(sent)).toMatchObject(['200', { status: 'accepted', message_id }])
  await expect
    .poll(async () => (await fetch(`${base}/v1/messages/${message_id}`, { headers: { authorization: `Bearer ${ana!.token}` } })).status)
    .toBe(200)

  const read = await tryOut(page, 'listMessages', (form) => parameter(form, 'conversation_id').fill(conversation))
  expect(await shown(read)).toMatchObject(['200', { messages: [{ message_id, from: 'ana', payload: { text: 'Hello from the page!' } }] }])
  expect({ elsewhere, complaints }).toEqual({ elsewhere: [], complaints: [] })
  await takePicture(page)
  await page.close()
})

/** For the guide, when asked for: `CHAT4ALL_DOCS_PICTURE=docs/guides/swagger-ui.png`. */
async function takePicture(page: Page): Promise<void> {
  const path = process.env['CHAT4ALL_DOCS_PICTURE']
  if (path === undefined) return
  await page.locator('[id$="-sendMessage"]').evaluate((operation) => operation.scrollIntoView({ block: 'start' }))
  await page.screenshot({ path })
}
