// A progress bar on standard error, if that is a terminal.

import { onInterrupt } from './interrupt'
import { plain } from './stderr'

export interface Progress {
  add(bytes: number): void
  stop(): void
}

const none: Progress = { add() {}, stop() {} }

/** Shows a bar up to `size` bytes. Shows none if quiet, without a terminal, or if the size is not known. */
export async function startProgress(
  name: string,
  size: number | undefined,
  quiet: boolean,
): Promise<Progress> {
  if (quiet || !process.stderr.isTTY || size === undefined) return none
  // Loaded only where there is a terminal.
  const { SingleBar } = await import('cli-progress')
  const bar = new SingleBar({
    // The name is a value, not a part of the format: a `{bar}` in a file's name is not replaced.
    format: '{name} {bar} {percentage}% of {megabytes} MB, {eta_formatted} left',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  })
  // Without stop(), the terminal would stay without cursor and line wrap.
  const release = onInterrupt(() => bar.stop())
  bar.start(size, 0, { name: plain(name), megabytes: (size / 1e6).toFixed(1) })
  return {
    add: (bytes) => bar.increment(bytes),
    stop() {
      bar.stop()
      release()
    },
  }
}
