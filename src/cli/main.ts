#!/usr/bin/env node
// The command `softplus`, as a process.

import { run } from './run'

// Every write reports its own failure. Without a listener, Node would end the process at the first one.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

run(process.argv.slice(2)).then((code) => {
  process.exitCode = code
  // Exit explicitly, because an open standard input keeps the process alive. The callback of an empty write runs once
  // stderr is flushed.
  process.stderr.write('', () => process.exit())
})
