import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobContent } from '@chat4all/ports'
import { isTaken } from './errors.ts'

/** Writes content into a new file of a folder, synced to the disk, and returns its path. Leaves none behind when it fails. */
export async function writeTemporary(folder: string, content: BlobContent): Promise<string> {
  const path = join(folder, randomUUID())
  try {
    await using file = await open(path, 'wx')
    for await (const piece of content) await writeAll(file, piece)
    await file.sync()
    return path
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let written = 0; written < piece.length; ) written += (await file.write(piece, written)).bytesWritten
}

/** Gives a temporary file or folder its name, replacing a file that had it. */
export async function moveReplacing(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Gives a temporary file its name, unless something has it: returns false then. */
export async function moveUnlessTaken(temporary: string, path: string): Promise<boolean> {
  try {
    await makeFolders(dirname(path))
    if (!(await linkUnlessTaken(temporary, path))) return false
    await syncFolder(dirname(path))
    return true
  } finally {
    await rm(temporary, { force: true })
  }
}

/** A link is atomic, and unlike a rename it never replaces. */
async function linkUnlessTaken(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

/** Makes a folder and those above it, durably. */
export async function makeFolders(path: string): Promise<void> {
  const topmost = await mkdir(path, { recursive: true })
  if (topmost === undefined) return
  for (let made = path; made.length >= topmost.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** Names of files are durable when their folder is synced. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
