// A bar on a terminal's stderr, for what takes long enough to be waited for.

import { SingleBar } from 'cli-progress'
import { onInterrupt } from './interrupt'
import { plain } from './stderr'

export interface Progress {
  add(bytes: number): void
  stop(): void
}

const none: Progress = { add() {}, stop() {} }

/** A bar up to `size` bytes; none where nobody looks, or the size is not known. */
export function startProgress(name: string, size: number | undefined, quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY || size === undefined) return none
  const bar = new SingleBar({
    // The name is a value, not a part of the format: braces in it mean nothing.
    format: '{name} {bar} {percentage}% of {megabytes} MB, {eta_formatted} left',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  })
  // stop() shows the cursor again and turns line wrap on.
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
