// softplus info: which backend computes on this machine, and what the machine is.

import { cpus } from 'node:os'
import { version } from '../../package.json'
import { backend } from '../index'
import { runtimeText } from '../runtime'
import { plain } from './stderr'

function currentInfo() {
  return {
    version,
    backend: backend.name,
    available: backend.available,
    addon: backend.addon,
    error: backend.error?.message ?? null,
    runtime: runtimeText(),
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
  }
}

function lines(info: ReturnType<typeof currentInfo>): string {
  const rows = [
    ['softplus', info.version],
    ['backend', info.backend],
    ['available', info.available.join(', ')],
    ['addon', info.addon ?? 'not loaded'],
    ['error', info.error ?? 'none'],
    ['runtime', info.runtime],
    ['platform', info.platform],
    ['cpu', info.cpu],
  ] as const
  return rows.map(([name, value]) => `${name.padEnd(10)} ${plain(value)}\n`).join('')
}

/** The text that `softplus info` prints: lines to read, or one JSON object. */
export function infoText(json: boolean): string {
  const info = currentInfo()
  return json ? `${escapedJson(JSON.stringify(info, null, 2))}\n` : lines(info)
}

// Escapes all that a terminal obeys, except line breaks: JSON.stringify has escaped those within strings.
function escapedJson(json: string): string {
  return json.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
