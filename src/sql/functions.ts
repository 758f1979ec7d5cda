// The functions in JavaScript, for where DuckDB cannot load the extension: the same names, NULLs, errors and bits.
//
// They use what @duckdb/node-api is made from, @duckdb/node-bindings, which is DuckDB's C API. So this file does what
// native/duckdb/ does. Vectors are copies: DuckDB sees only what copy_data_to_vector writes.

import { createRequire } from 'node:module'
import type * as Bindings from '@duckdb/node-bindings'
import type { Api } from '../api/api'
import { activationOf } from '../api/byName'
import { invalidType } from '../errors'
import { type FunctionEntry, functions } from '../math/functions'
import { thisFile } from '../root'
import type { Activation, SoftplusOptions } from '../types'

/** What is needed of a DuckDBConnection of @duckdb/node-api. */
export interface Connection {
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>
  registerScalarFunction(scalarFunction: never): void
}

type DuckDB = typeof Bindings
type Validity = BigUint64Array<ArrayBuffer> | null
type Run = (start: number, end: number, options: SoftplusOptions) => void

/** softplus.secondDerivative is softplus_second_derivative. */
export const sqlName = ({ publicName }: FunctionEntry): string =>
  publicName.replace('.', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/**
 * The bindings that a connection is made from, which are loaded already. Looked for where they are, because another
 * copy of them would be another DuckDB.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE if there are none.
 */
function bindingsOf(connection: Connection): DuckDB {
  const require = createRequire(thisFile())
  const peer = Object.values(require.cache).find((module) => {
    if (!module || !/[\\/]node-api[\\/]/.test(module.filename)) return false
    const { DuckDBConnection } = module.exports
    return typeof DuckDBConnection === 'function' && connection instanceof DuckDBConnection
  })
  if (peer) return createRequire(peer.filename)('@duckdb/node-bindings')
  const advice = 'A bundler must leave that package external'
  throw invalidType('connection', 'a DuckDBConnection of @duckdb/node-api', connection, advice)
}

const wordsFor = (rows: number): number => Math.ceil(rows / 64)
const isValid = (validity: Validity, row: number): boolean =>
  validity === null || (validity[row >> 6] & (1n << BigInt(row & 63))) !== 0n

/** Registers all functions for the database of a connection. */
export function registerFunctions(connection: Connection, api: Api, backend: string): void {
  const duckdb = bindingsOf(connection)
  const float = duckdb.create_logical_type(duckdb.Type.FLOAT)
  const double = duckdb.create_logical_type(duckdb.Type.DOUBLE)
  const list = duckdb.create_list_type(float)
  const text = duckdb.create_logical_type(duckdb.Type.VARCHAR)

  function add(
    name: string,
    result: Bindings.LogicalType,
    parameters: Bindings.LogicalType[],
    call: (input: Bindings.DataChunk, output: Bindings.Vector) => void,
    others?: Bindings.LogicalType,
  ): void {
    const scalarFunction = duckdb.create_scalar_function()
    duckdb.scalar_function_set_name(scalarFunction, name)
    duckdb.scalar_function_set_return_type(scalarFunction, result)
    for (const type of parameters) duckdb.scalar_function_add_parameter(scalarFunction, type)
    if (others) duckdb.scalar_function_set_varargs(scalarFunction, others)
    duckdb.scalar_function_set_function(scalarFunction, (info, input, output) => {
      try {
        call(input, output)
      } catch (error) {
        duckdb.scalar_function_set_error(info, (error as Error).message)
      }
    })
    connection.registerScalarFunction({ scalar_function: scalarFunction } as never)
    // DuckDB has a copy. In versions before 1.5 this one would keep the process alive.
    duckdb.destroy_scalar_function_sync(scalarFunction)
  }

  const floatsCall =
    (f: Activation<SoftplusOptions>) => (input: Bindings.DataChunk, output: Bindings.Vector) => {
      const rows = new Rows(duckdb, input)
      const x = floatsOf(duckdb, rows.x, rows.count)
      const y = new Float32Array(rows.count)
      rows.forEachRun((start, end, options) => {
        f(x.subarray(start, end), { ...options, out: y.subarray(start, end) })
      })
      write(duckdb, output, y)
      writeValidity(duckdb, output, rows.validity)
    }

  // Rows may share the elements of one list, with a beta each. So the results are laid out anew.
  const listsCall =
    (f: Activation<SoftplusOptions>) => (input: Bindings.DataChunk, output: Bindings.Vector) => {
      const rows = new Rows(duckdb, input)
      const { buffer, byteOffset } = duckdb.vector_get_data(rows.x, 16 * rows.count)
      // Of each list, where it begins and how long it is.
      const from = new BigUint64Array(buffer as ArrayBuffer, byteOffset, 2 * rows.count)
      const to = new BigUint64Array(2 * rows.count)
      let total = 0n
      for (let row = 0; row < rows.count; row++) {
        to[2 * row] = total
        to[2 * row + 1] = isValid(rows.validity, row) ? from[2 * row + 1] : 0n
        total += to[2 * row + 1]
      }
      duckdb.list_vector_reserve(output, Number(total))
      duckdb.list_vector_set_size(output, Number(total))
      const elements = duckdb.list_vector_get_child(rows.x)
      const length = duckdb.list_vector_get_size(rows.x)
      const x = floatsOf(duckdb, elements, length)
      const y = new Float32Array(Number(total))
      const mask = validityOf(duckdb, elements, length)
      const written: Validity = mask && new BigUint64Array(wordsFor(y.length)).fill(~0n)
      rows.forEachRun((start, end, options) => {
        for (let row = start; row < end; row++) {
          const [begin, at, n] = [from[2 * row], to[2 * row], to[2 * row + 1]].map(Number)
          if (n === 0) continue
          f(x.subarray(begin, begin + n), { ...options, out: y.subarray(at, at + n) })
          if (!written) continue
          for (let i = 0; i < n; i++)
            if (!isValid(mask, begin + i)) written[(at + i) >> 6] &= ~(1n << BigInt((at + i) & 63))
        }
      })
      const results = duckdb.list_vector_get_child(output)
      write(duckdb, results, y)
      writeValidity(duckdb, results, written)
      write(duckdb, output, to)
      writeValidity(duckdb, output, rows.validity)
    }

  // Before version 1.5 DuckDB's C API refuses a second function of the same name, unless both come in a set, which the
  // bindings do not have. There one function takes all, and none takes lists.
  const [major, minor] = duckdb.library_version().match(/\d+/g)?.map(Number) ?? []
  const hasOverloads = major > 1 || minor >= 5
  for (const entry of Object.values(functions)) {
    const f = activationOf(api, entry)
    const name = sqlName(entry)
    if (!hasOverloads) {
      add(name, float, [float], floatsCall(f), entry.takesScaling ? double : undefined)
      continue
    }
    for (const scaling of entry.takesScaling ? [[], [double], [double, double]] : [[]]) {
      add(name, float, [float, ...scaling], floatsCall(f))
      add(name, list, [list, ...scaling], listsCall(f))
    }
  }
  add('softplus_backend', text, [], (input, output) => {
    for (let row = 0; row < duckdb.data_chunk_get_size(input); row++)
      duckdb.vector_assign_string_element(output, row, backend)
  })
}

function floatsOf(duckdb: DuckDB, vector: Bindings.Vector, length: number): Float32Array {
  const { buffer, byteOffset } = duckdb.vector_get_data(vector, 4 * length)
  return new Float32Array(buffer, byteOffset, length)
}

/** A bit for every row, which is 0 where it is NULL; null if no row is. */
function validityOf(duckdb: DuckDB, vector: Bindings.Vector, rows: number): Validity {
  // The declaration leaves out null.
  const bytes = duckdb.vector_get_validity(vector, 8 * wordsFor(rows)) as Uint8Array | null
  return bytes && new BigUint64Array(new Uint8Array(bytes).buffer)
}

function write(
  duckdb: DuckDB,
  vector: Bindings.Vector,
  values: Float32Array | BigUint64Array,
): void {
  const { buffer, byteOffset, byteLength } = values
  if (byteLength > 0)
    duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength)
}

function writeValidity(duckdb: DuckDB, vector: Bindings.Vector, validity: Validity): void {
  if (!validity?.length) return
  duckdb.vector_ensure_validity_writable(vector)
  duckdb.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, validity.byteLength)
}

/** The rows of a call (x), (x, beta) or (x, beta, threshold). */
class Rows {
  readonly count: number
  readonly x: Bindings.Vector
  /** Of the rows in which no argument is NULL. */
  readonly validity: Validity = null
  // beta and threshold
  private readonly scalings: Float64Array[] = []

  constructor(duckdb: DuckDB, chunk: Bindings.DataChunk) {
    const columns = duckdb.data_chunk_get_column_count(chunk)
    if (columns > 3)
      throw new RangeError(`the arguments must be x, beta and threshold; got ${columns}`)
    this.count = duckdb.data_chunk_get_size(chunk)
    this.x = duckdb.data_chunk_get_vector(chunk, 0)
    for (let column = 0; column < columns; column++) {
      const vector = duckdb.data_chunk_get_vector(chunk, column)
      if (column > 0) {
        const { buffer, byteOffset } = duckdb.vector_get_data(vector, 8 * this.count)
        this.scalings.push(new Float64Array(buffer, byteOffset, this.count))
      }
      const validity = validityOf(duckdb, vector, this.count)
      if (this.validity && validity)
        for (let word = 0; word < validity.length; word++) this.validity[word] &= validity[word]
      else this.validity ??= validity
    }
  }

  /** Calls `run` for every run of rows with the same beta and threshold, as Rows::forEachRun in native/duckdb/rows.h. */
  forEachRun(run: Run): void {
    const { count, validity } = this
    const [betas, thresholds] = this.scalings
    for (let start = 0; start < count; ) {
      let first = start
      while (first < count && !isValid(validity, first)) first++
      if (first === count) return
      const [beta, threshold] = [betas?.[first], thresholds?.[first]]
      const isSame = (row: number) => betas?.[row] === beta && thresholds?.[row] === threshold
      let end = betas ? first + 1 : count
      while (end < count && (isSame(end) || !isValid(validity, end))) end++
      run(start, end, { beta, threshold })
      start = end
    }
  }
}
