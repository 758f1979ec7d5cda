// The command on columns of Arrow IPC: which bytes it changes, and what it refuses.

import { spawn } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { tableFromIPC } from 'apache-arrow'
import { Type } from 'apache-arrow/fb/type'
import { describe, expect, test } from 'vitest'
import { activationsOf } from '../src/api/byName'
import { functionNameOf, functions } from '../src/cli/functions'
import * as library from '../src/index'
import {
  arrowFile,
  arrowStream,
  fieldTable,
  floats,
  integers,
  messagesOf,
  pairsOf,
  patched,
  schemaStream,
  structOf,
} from './arrow-writer'
import {
  at,
  command,
  endOf,
  endWithTest,
  makeFifo,
  names,
  onLinux,
  onWindows,
  piece,
  read,
  resultOf,
  runHere,
  runProcess,
  runShell,
  samples,
  start,
  useFolder,
  write,
  x,
  xBytes,
  yBytes,
} from './command'
import { activated, columnNames, modelRanges } from './fuzz/arrow'
import { corpus } from './fuzz/corpus'
import { floatBytes, npyFile } from './npy-writer'

const { softplus } = library

useFolder()

const seeds = corpus('.arrow')
const seed = (name: string) => seeds.find((file) => file.name === name)?.bytes as Buffer

/** Writes the input, runs the command on it with columns, and returns what it says. */
async function apply(bytes: Buffer, columns: string[], more: string[] = []) {
  write('in.arrow', bytes)
  const named = columns.flatMap((column) => ['--column', column])
  return runHere(['apply', 'in.arrow', '-o', 'out.arrow', ...named, ...more])
}

/** The bytes with every value of these columns activated, wherever the corpus has it: its values occur nowhere else. */
function activatedByValue(bytes: Buffer, columns: string[]): Buffer {
  const result = Buffer.from(bytes)
  for (const column of columns) {
    const first = 1 + columnNames.indexOf(column)
    const values = Float32Array.from({ length: 16 }, (_, i) => first + 0.1 + i / 97)
    let found = 0
    for (const [i, y] of softplus(values).entries()) {
      const [from, to] = [values[i], y].map((value) => floatBytes(Float32Array.of(value)))
      for (let place = bytes.indexOf(from); place >= 0; place = bytes.indexOf(from, place + 4)) {
        to.copy(result, place)
        found++
      }
    }
    expect(found).toBeGreaterThanOrEqual(8)
  }
  return result
}

describe('files of other libraries', () => {
  const cases = [
    ...[
      'stream',
      'file',
      'version-4',
      'legacy',
      'legacy-file',
      'other-types',
      'other-types-file',
    ].map((name) => [name, columnNames] as const),
    ['version-4-unions', ['x']],
    ['fixed-size-list', ['l', 'x']],
    ['list-view', ['x', 'l']],
    ['list-of-structs', ['s.x', 'x']],
    ['name-with-dot', ['s.x', 'x']],
    ['one-column', ['x']],
    ['polars-file', ['x']],
    ['rust-file', ['x']],
  ] as [string, string[]][]

  test.each(cases)('%s: %j, each alone and all at once', async (name, columns) => {
    const bytes = seed(`read-${name}.arrow`)
    for (const chosen of [
      ...columns.map((column) => [column]),
      columns,
      [...columns, columns[0]],
    ]) {
      const { code, stderr } = await apply(bytes, chosen)
      expect(code, stderr).toBe(0)
      expect(read('out.arrow').equals(activatedByValue(bytes, chosen))).toBe(true)
      // Polars does not frame its schema as a message.
      if (name === 'polars-file') continue
      const args = chosen.flatMap((column) => ['--column', column])
      const piped = await runHere(['apply', '-', '-o', '-', ...args], bytes)
      expect(piped.stdout.equals(read('out.arrow')), piped.stderr).toBe(true)
    }
  })

  test.each([['x'], ['s.x'], ['l']])('slices: %s, not what lies beside them', async (column) => {
    const bytes = seed('read-slices.arrow')
    expect((await apply(bytes, [column])).code).toBe(0)
    const ranges = modelRanges(bytes, column)
    expect(ranges).toHaveLength(3)
    expect(read('out.arrow').equals(activated(bytes, ranges ?? []))).toBe(true)
  })

  test('the summary counts values', async () => {
    const { stderr } = await apply(seed('read-stream.arrow'), ['x', 'l'])
    expect(stderr).toMatch(/^softplus: backend \w+, softplus, 24 elements, /)
    expect((await apply(seed('read-no-batch.arrow'), ['x'])).stderr).toMatch(/ 0 elements\n$/)
  })
})

describe('results', () => {
  const table = arrowStream({ n: integers(60), x: floats(x), z: floats(x) })
  const columnOf = (bytes: Buffer, name: string) => tableFromIPC(bytes).getChild(name)?.toArray()

  test.each([...functions])('%s gives the bits of the call', async (name, entry) => {
    const activate = activationsOf(library)[functionNameOf(name)]
    const scalings = entry.takesScaling ? [{}, { beta: 2 }, { beta: -0.5, threshold: 3 }] : [{}]
    for (const options of scalings) {
      const more = Object.entries(options).map(([option, value]) => `--${option}=${value}`)
      const { code, stderr } = await apply(table, ['x'], ['-f', name, ...more])
      expect(code, stderr).toBe(0)
      const out = read('out.arrow')
      expect(floatBytes(columnOf(out, 'x'))).toEqual(floatBytes(activate(x, options)))
      expect(floatBytes(columnOf(out, 'z'))).toEqual(xBytes)
      expect(out.length).toBe(table.length)
    }
  })

  test('nulls stay, and what lies under them is activated', async () => {
    const validity = Uint8Array.of(0b10101, 0, 0, 0, 0, 0, 0, 0)
    const bytes = arrowStream({ n: integers(60), x: floats(x, validity) })
    const { code, stderr } = await apply(bytes, ['x'])
    expect(code, stderr).toBe(0)
    const column = tableFromIPC(read('out.arrow')).getChild('x')
    expect(column?.nullCount).toBe(57)
    expect(column?.get(0)).toBe(softplus(x)[0])
    expect(column?.get(1)).toBe(null)
    expect(floatBytes(column?.data[0].values)).toEqual(yBytes)
  })

  // More than a piece in a batch, several batches in a piece, and none.
  const lengths = [3_000_000, 0, 70_000, 1, 0, 20_000, 17]
  const batches = lengths.map((length) => ({ n: integers(length), x: floats(samples(length)) }))

  test.each([
    ['stream', arrowStream(...batches), []],
    ['file', arrowFile(...batches), []],
    ['stream, in threads', arrowStream(...batches), ['--threads', '2']],
  ])('batches of 0 to 3,000,000 rows: %s', async (name, bytes, more) => {
    expect(bytes.length).toBeGreaterThan(5 * piece)
    const wanted = activated(bytes, modelRanges(bytes, 'x') ?? [])
    expect((await apply(bytes, ['x'], more)).code).toBe(0)
    expect(read('out.arrow').equals(wanted)).toBe(true)
    if (name !== 'stream') return
    const piped = runProcess(['apply', '-', '-o', '-', '--column', 'x'], { input: bytes })
    expect(piped.stdout.equals(wanted), piped.stderr).toBe(true)
  })
})

describe('inputs and outputs', () => {
  const stream = arrowStream({ n: integers(60), x: floats(x) })
  const file = arrowFile({ n: integers(60), x: floats(x) })
  const result = (bytes: Buffer) => activated(bytes, modelRanges(bytes, 'x') ?? [])

  test('streams and files by every name, into a folder and in place', async () => {
    const inputs = { 'a.arrow': file, 'b.arrows': stream, 'c.ipc': stream, 'd.FEATHER': file }
    for (const [name, bytes] of Object.entries(inputs)) write(name, bytes)
    mkdirSync(at('out'))
    const args = ['apply', ...Object.keys(inputs), '--column', 'x']
    expect(await runHere([...args, '-o', 'out/', '-q'])).toMatchObject({ code: 0, stderr: '' })
    expect((await runHere([...args, '--in-place'])).code).toBe(0)
    for (const [name, bytes] of Object.entries(inputs)) {
      expect(read(`out/${name}`).equals(result(bytes))).toBe(true)
      expect(read(name).equals(result(bytes))).toBe(true)
    }
    expect(names()).toEqual(['a.arrow', 'b.arrows', 'c.ipc', 'd.FEATHER', 'out'])
  })

  test.runIf(onLinux)(
    'a file on standard input is read from where it begins, and from its end',
    () => {
      write('x.bin', Buffer.concat([Buffer.alloc(5), file]))
      const line = '(dd bs=5 count=1 >/dev/null 2>&1; "$1" "$0" apply - -o - --column x) < x.bin'
      const { stdout, stderr } = runShell(line)
      expect(stdout.equals(result(file)), stderr).toBe(true)
    },
  )

  test.skipIf(onWindows)('a FIFO', async () => {
    makeFifo('in.arrow')
    const writer = spawn('sh', ['-c', 'cat > in.arrow'], { cwd: at() })
    endWithTest(writer)
    writer.stdin.end(stream)
    const child = start(['apply', 'in.arrow', '-o', 'y.arrow', '--column', 'x'])
    expect(await endOf(child)).toMatchObject({ code: 0 })
    expect(read('y.arrow').equals(result(stream))).toBe(true)
  })

  test('a column in a struct without a name', async () => {
    const bytes = schemaStream((b) => [fieldTable(b, '', { children: [fieldTable(b, 'x')] })])
    const { code, stderr } = await apply(bytes, ['.x'])
    expect(code, stderr).toBe(0)
  })

  test('raw float32 that begins with the NaN of a stream', async () => {
    const bytes = Buffer.concat([Buffer.alloc(4, 0xff), xBytes])
    const { code, stdout } = await runHere(['apply', '-', '-o', '-'], bytes)
    expect(code).toBe(0)
    expect(stdout.subarray(4)).toEqual(yBytes)
  })

  test.skipIf(onWindows)('a wrong column is reported while the input is still open', async () => {
    const child = start(['apply', '-', '-o', 'out.arrow', '--column', 'y'])
    const end = endOf(child)
    child.stdin?.write(stream)
    expect(await end).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/float32: x; got 'y'/),
    })
    expect(names()).toEqual([])
  })

  test('a schema of 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `a column with a name, ${i}`)
    const bytes = schemaStream((builder) => names.map((name) => fieldTable(builder, name)))
    const { code, stderr } = await apply(bytes, [names[0], names[9999]])
    expect(code, stderr).toBe(0)
    expect(read('out.arrow').equals(bytes)).toBe(true)
  })

  test.skipIf(onWindows)('the memory does not depend on the size of a batch', () => {
    const rows = 1 << 26
    const bytes = BigInt(4 * rows)
    const small = arrowStream({ x: floats(x) })
    const head = messagesOf(small)[1].body
    const large = patched(small, {
      ...{ body: bytes, rows: BigInt(rows), nodes: { 0: BigInt(rows) } },
      lengths: { 1: bytes },
    })
    const fd = openSync(at('x.arrow'), 'w')
    writeFileSync(fd, large.subarray(0, head))
    ftruncateSync(fd, head + 4 * rows)
    closeSync(fd)
    write(
      'hook.cjs',
      'process.on("exit", () => console.error("memory", process.resourceUsage().maxRSS))',
    )
    const memoryOf = (...args: string[]) => {
      const { code, stderr } = resultOf(process.execPath, ['-r', at('hook.cjs'), ...args])
      expect(code, stderr).toBe(0)
      return Number(/^memory (\d+)$/m.exec(stderr)?.[1]) / 1024
    }
    const apply = ['apply', 'x.arrow', '-o', '/dev/null', '--column', 'x', '-f', 'relu']
    expect(memoryOf(command, ...apply) - memoryOf('-e', '0')).toBeLessThan(96)
  })
})

describe('refused: exit code 2, one line, nothing written', () => {
  const stream = arrowStream({ n: integers(60), x: floats(x) })
  const file = arrowFile({ n: integers(60), x: floats(x) })
  const [{ message: schema }, { start: batchAt, body: bodyAt }] = messagesOf(stream)
  const framed = (bytes: Buffer, length: number) => {
    const result = Buffer.from(bytes)
    result.writeInt32LE(length, 4)
    return result
  }
  const structs = arrowStream({ s: structOf(x) })
  /** A file whose schema stands at the start, as most libraries write it. */
  const withSchema = seed('read-one-column.arrow')
  const withOtherSchema = Buffer.from(withSchema)
  withOtherSchema.write('q', withSchema.indexOf('\x01\0\0\0x') + 4, 'latin1')
  const nested = (fields: (children: number[]) => number) => {
    let children = [0]
    for (let depth = 0; depth < 8; depth++) children = Array(64).fill(fields(children))
    return children
  }
  const refused: [what: string, bytes: Buffer, column: string[], message: RegExp][] = [
    ['no column', stream, [], /columns \(--column\) must name columns of float32: x; got none$/],
    [
      'no such column',
      stream,
      ['y'],
      /columns \(--column\) must name columns of float32: x; got 'y'$/,
    ],
    ['an empty name', stream, [''], /got ''$/],
    [
      'another type',
      stream,
      ['n'],
      /'n' must be float32, or lists of it; got int32\. Convert it, with pyarrow/,
    ],
    ['a struct', seed('read-stream.arrow'), ['s'], /got struct\. Name one of its fields: s\.x$/],
    [
      'a list of structs',
      seed('read-list-of-structs.arrow'),
      ['s'],
      /got list of struct\. Name one .*: s\.x$/,
    ],
    ['a list of integers', seed('read-stream.arrow'), ['ints'], /got list of int32\. Convert it/],
    [
      'a field of a list',
      seed('read-stream.arrow'),
      ['l.item'],
      /float32: s\.x, l, x; got 'l\.item'$/,
    ],
    [
      'a union',
      seed('read-stream.arrow'),
      ['dense'],
      /got union\. What is in a union here cannot be activated/,
    ],
    [
      'a dictionary',
      seed('refused-dictionary.arrow'),
      ['x'],
      /got dictionary-encoded float32\. Decode it, with pyarrow: column\.dictionary_decode\(\)$/,
    ],
    [
      'no float32 at all',
      seed('refused-no-column.arrow'),
      ['x'],
      /those here are n \(int64\); got 'x'$/,
    ],
    ['no columns', seed('refused-zero-columns.arrow'), ['x'], /those here are none; got 'x'$/],
    [
      'a name twice',
      seed('refused-twice.arrow'),
      ['x'],
      /'x' must be the only one of its name; got 2\. Rename/,
    ],
    [
      'compressed',
      seed('refused-lz4.arrow'),
      ['x'],
      /must not be compressed\. Write .*compression='uncompressed'/,
    ],
    [
      'Feather 1',
      seed('refused-feather-1.arrow'),
      ['x'],
      /must have version 2, .*; got version 1\. Write it again/,
    ],
    [
      'Parquet',
      Buffer.from('PAR1\x15\x04\x15\x10\x15\x14\x4c\x15', 'latin1'),
      ['x'],
      /must be in the format Arrow IPC; got Parquet\. .*docs\/pipelines\.md/,
    ],
    ['dots without end', stream, [`x${'.x'.repeat(60)}`], /float32: x; got 'x\.x\..*…'$/],
    [
      'a type that is not described',
      schemaStream((b) => [fieldTable(b, 'x', { type: Type.Int, isDescribed: false })]),
      ['x'],
      /must describe the types of its columns; got none\./,
    ],
    [
      'a long name that many fields share',
      schemaStream((b) => Array(100).fill(fieldTable(b, 'x'.repeat(5000)))),
      ['x'],
      /the names must have at most the \d+ bytes of the metadata; got more\./,
    ],
    [
      'no buffers',
      seed('refused-no-buffers.arrow'),
      ['x'],
      /must have 2 buffers, as its schema says; got 0\./,
    ],
    [
      'nodes that are not there',
      Buffer.concat([
        schemaStream((b) => Array.from({ length: 300 }, (_, i) => fieldTable(b, `x${i}`))),
        patched(stream, { nodeCount: 300 }).subarray(batchAt),
      ]),
      ['x0'],
      /the metadata must lie within their \d+ bytes/,
    ],
    [
      'fewer values than structs',
      patched(structs, { nodes: { 1: 30n } }),
      ['s.x'],
      /'s\.x' must be at least 60, to fill the struct around them; got 30\./,
    ],
    [
      'fewer structs than rows',
      patched(structs, { nodes: { 0: 30n, 1: 30n } }),
      ['s.x'],
      /'s\.x' must be 60, as many as the batch has rows; got 30\./,
    ],
    [
      'fewer values than pairs',
      patched(arrowStream({ l: pairsOf(x) }), { nodes: { 1: 59n } }),
      ['l'],
      /must be at least 60, to fill the fixed-size list around them; got 59\./,
    ],
    [
      'big-endian',
      schemaStream((b) => [fieldTable(b, 'x')], { endianness: 1 }),
      ['x'],
      /little-endian; got big-endian\./,
    ],
    [
      'version 3',
      schemaStream((b) => [fieldTable(b, 'x')], { version: 2 }),
      ['x'],
      /must be 4 or 5; got 3\./,
    ],
    [
      'an unknown type',
      schemaStream((b) => [fieldTable(b, 'x', { type: 99 as Type })]),
      ['x'],
      /be known; got type 99\./,
    ],
    [
      'a list without a child',
      schemaStream((b) => [fieldTable(b, 'x', { type: Type.List })]),
      ['x'],
      /list must have 1 children; got 0\./,
    ],
    [
      'fields that repeat',
      schemaStream((b) =>
        nested((children) => fieldTable(b, 'x', { children: children.filter(Boolean) })),
      ),
      ['x'],
      /at most \d+ fields in its \d+ bytes; got more\. The file is damaged/,
    ],
    [
      'nothing',
      Buffer.alloc(0),
      ['x'],
      /must begin with a schema; got its end\. The file is cut off/,
    ],
    [
      'an end alone',
      Buffer.from('ffffffff00000000', 'hex'),
      ['x'],
      /must begin with a schema; got its end/,
    ],
    [
      'text',
      Buffer.from('id,logit\n1,2.5\n'),
      ['x'],
      /must begin with ARROW1, or with a message .*; got other bytes\./,
    ],
    [
      '.npy',
      npyFile({ shape: [60], data: xBytes }),
      ['x'],
      /must begin with ARROW1, .*; got other bytes\./,
    ],
    [
      'a batch first',
      stream.subarray(batchAt),
      ['x'],
      /at byte 0: it must be the schema; got a record batch$/,
    ],
    [
      'two streams',
      Buffer.concat([stream, stream]),
      ['x'],
      /must end with its end-of-stream marker, at byte \d+; got more\. If the input holds several/,
    ],
    [
      'two schemas',
      Buffer.concat([stream.subarray(0, -8), stream]),
      ['x'],
      /it must be a record batch; got a schema\. Write each table/,
    ],
    ['a huge length', framed(stream, 0x7fffffff), ['x'], /got other bytes/],
    ['a negative length', framed(stream, -2), ['x'], /got other bytes/],
    [
      'a huge body',
      patched(stream, { body: 2n ** 52n }),
      ['x'],
      /the message at byte \d+ must have all its bytes; the input ends at byte \d+\. The file is cut off/,
    ],
    [
      'a body beyond 2^53',
      patched(stream, { body: 2n ** 53n }),
      ['x'],
      /must be from 0 to 2\^53 - 1; got 9007199254740992\./,
    ],
    ['a negative body', patched(stream, { body: -8n }), ['x'], /from 0 to 2\^53 - 1; got -8\./],
    [
      'fewer rows',
      patched(stream, { rows: 59n }),
      ['x'],
      /'x' must be 59, as many as the batch has rows; got 60\./,
    ],
    [
      'too many values',
      patched(stream, { rows: 61n, nodes: { 1: 61n } }),
      ['x'],
      /'x' must be 61, which take 244 bytes; got a buffer of 240\./,
    ],
    [
      'values outside',
      patched(stream, { offsets: { 3: 8n * 1000n } }),
      ['x'],
      /must lie within the \d+ bytes of the body; got one that ends at 8240\./,
    ],
    [
      'another buffer outside',
      patched(stream, { lengths: { 1: 10_000n } }),
      ['x'],
      /must lie within .*; got one that ends at 10000\./,
    ],
    [
      'values not aligned',
      patched(stream, { offsets: { 3: 242n } }),
      ['x'],
      /must begin at a multiple of 4 bytes; got byte \d+ of the input\./,
    ],
    [
      'values over another column',
      patched(stream, { offsets: { 3: 236n } }),
      ['x'],
      /'x' must lie apart from all other buffers; got an overlap\./,
    ],
    [
      'values twice',
      patched(arrowStream({ x: floats(x), z: floats(x) }), { offsets: { 3: 0n } }),
      ['x', 'z'],
      /must lie apart/,
    ],
    [
      'a file cut off',
      file.subarray(0, -1),
      ['x'],
      /must end with its footer and ARROW1; got another end\. The file is cut off/,
    ],
    ['a file without footer', file.subarray(0, 12), ['x'], /must end with its footer and ARROW1/],
    [
      'a footer that is too long',
      Buffer.concat([file.subarray(0, -10), Buffer.from('ffffff00', 'hex'), file.subarray(-6)]),
      ['x'],
      /must have 1 to \d+ bytes, as many as there are; got 16777215\. The file is damaged/,
    ],
    [
      'a footer of no bytes',
      Buffer.concat([file.subarray(0, -10), Buffer.alloc(4), file.subarray(-6)]),
      ['x'],
      /must have 1 to \d+ bytes, .*; got 0\. The file is damaged/,
    ],
    [
      'a footer longer than it may be',
      Buffer.concat([
        file.subarray(0, -10),
        Buffer.alloc(1 << 24),
        Buffer.from('01000001', 'hex'),
        file.subarray(-6),
      ]),
      ['x'],
      /must have at most 16777216 bytes; got 16777217\. Write larger batches, or the stream format/,
    ],
    [
      'a footer that lists a batch elsewhere',
      Buffer.concat([file.subarray(0, 8), Buffer.alloc(8), file.subarray(8)]),
      ['x'],
      /there must be a message at byte 8, as long as the footer says; got other bytes\. The file/,
    ],
    [
      'the footer of another file',
      withOtherSchema,
      ['x'],
      /the schema in the footer must be that at the start; got another one/,
    ],
  ]

  test.each(refused)('%s', async (_, bytes, columns, message) => {
    write('out.arrow', 'as it was')
    const { code, stdout, stderr } = await apply(bytes, columns)
    expect(stderr).toMatch(/^softplus: in\.arrow: [^\n]*\n$/)
    expect(stderr.trimEnd()).toMatch(message)
    expect(code).toBe(2)
    expect(stdout).toHaveLength(0)
    expect(read('out.arrow').toString()).toBe('as it was')
    expect(names()).toEqual(['in.arrow', 'out.arrow'])
  })

  test('cut off anywhere, but between messages', async () => {
    const ends = [batchAt, stream.length - 8]
    for (let length = 4; length < stream.length - 8; length += 13) {
      if (ends.includes(length)) continue
      const { code, stderr } = await apply(stream.subarray(0, length), ['x'])
      expect(stderr, `${length}`).toMatch(/The file is cut off|got other bytes/)
      expect(code).toBe(2)
    }
    expect(bodyAt).toBeLessThan(stream.length)
    expect(schema.version()).toBe(4)
  })

  test.each<[what: string, bytes: Buffer, args: string[], message: RegExp]>([
    [
      'a stream without --column',
      stream,
      [],
      /columns \(--column\) must name columns of float32: x; got none$/,
    ],
    [
      'a stream before version 0.15 without --column',
      seed('read-legacy.arrow'),
      [],
      /columns \(--column\) must name columns of float32: .*; got none$/,
    ],
    ['Feather 1', seed('refused-feather-1.arrow'), [], /must have version 2, .*; got version 1\./],
    [
      'a file without --column',
      withSchema,
      [],
      /columns \(--column\) must name columns of float32: x; got none$/,
    ],
    [
      'a file without a schema at its start',
      file,
      ['--column', 'x'],
      /a file on standard input, .* must have its schema at its start, .*; got none.*Give the name of the file, or/,
    ],
    [
      'a file of Polars',
      seed('read-polars-file.arrow'),
      ['--column', 'x'],
      /must have its schema at its start/,
    ],
    [
      '.npy with --column',
      npyFile({ shape: [60], data: xBytes }),
      ['--column', 'x'],
      /columns \(--column\) must be left out, because a \.npy input has none; got x\./,
    ],
  ])('standard input: %s', async (_, bytes, args, message) => {
    const { code, stdout, stderr } = await runHere(['apply', '-', '-o', '-', ...args], bytes)
    expect(stderr).toMatch(/^softplus: standard input: [^\n]*\n$/)
    expect(stderr.trimEnd()).toMatch(message)
    expect(code).toBe(2)
    expect(stdout).toHaveLength(0)
  })

  test('standard input: the footer of another file, after its batches', async () => {
    const { code, stderr } = await runHere(
      ['apply', '-', '-o', 'y', '--column', 'q'],
      withOtherSchema,
    )
    expect(stderr).toMatch(
      /input: the schema in the footer must be that at the start; got another one/,
    )
    expect(code).toBe(2)
    expect(names()).toEqual([])
  })

  test.each([
    ['x.f32', xBytes],
    ['x.npy', npyFile({ shape: [60], data: xBytes })],
  ])('--column with %s', async (name, bytes) => {
    write(name, bytes)
    const { code, stderr } = await runHere(['apply', name, '-o', 'out', '--column', 'x'])
    expect(stderr).toMatch(
      /columns \(--column\) must be left out, because a \.\w+ input has none; got x\./,
    )
    expect(code).toBe(2)
    expect(names()).toEqual([name])
  })

  test('an output whose name stands for another format', async () => {
    write('x.ipc', stream)
    const { code, stderr } = await runHere(['apply', 'x.ipc', '-o', 'y.npy', '--column', 'x'])
    expect(stderr).toMatch(
      /y\.npy: the name must end in \.arrow, \.arrows, \.ipc or \.feather, .*; got \.npy\./,
    )
    expect(code).toBe(2)
  })
})
