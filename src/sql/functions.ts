// The functions in JavaScript, for where DuckDB cannot load the extension: the same names, NULLs, errors and bits.
//
// They use what @duckdb/node-api is made from, @duckdb/node-bindings, which is DuckDB's C API. So this file does what
// native/duckdb/ does. Vectors are copies: DuckDB sees only what copy_data_to_vector writes.

import { createRequire } from 'node:module'
import type * as Bindings from '@duckdb/node-bindings'
import type { Api } from '../api/api'
import { activationsOf } from '../api/byName'
import { invalidType, withCode } from '../errors'
import { type FunctionEntry, functionNames, functions } from '../math/functions'
import { thisFile } from '../root'
import type { Activation, SoftplusOptions } from '../types'

/** What is needed of a DuckDBConnection of @duckdb/node-api. */
export interface Connection {
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>
  /** From version 1.3.2-alpha.26 on. */
  registerScalarFunction?(scalarFunction: never): void
}

/** The column `stability` of duckdb_functions() for softplus_backend() here. In the extension it is CONSISTENT. */
export const javaScriptStability = 'VOLATILE'

type DuckDB = typeof Bindings
type Validity = BigUint64Array<ArrayBuffer> | null
type Run = (start: number, end: number, options: SoftplusOptions) => void

/** softplus.secondDerivative is softplus_second_derivative. */
export const sqlName = ({ publicName }: FunctionEntry): string =>
  publicName.replaceAll('.', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/**
 * The bindings that a connection is made from, which are loaded already. Looked for where they are, because another
 * copy of them would be another DuckDB.
 *
 * @throws {TypeError} ERR_INVALID_ARG_TYPE if there are none.
 */
function bindingsOf(connection: Connection): DuckDB {
  const require = createRequire(thisFile())
  for (const module of Object.values(require.cache))
    try {
      const { DuckDBConnection } = module?.exports ?? {}
      if (DuckDBConnection && connection instanceof DuckDBConnection)
        return createRequire(module?.filename as string)('@duckdb/node-bindings')
    } catch {
      // Another module: one whose exports throw, or one that exports the class again and does not find the bindings.
    }
  const advice =
    'Its class was not found among the loaded modules: a bundler must leave that package external'
  throw invalidType('connection', 'a DuckDBConnection of @duckdb/node-api', connection, advice)
}

const wordsFor = (rows: number): number => Math.ceil(rows / 64)
const isValid = (validity: Validity, row: number): boolean =>
  validity === null || (validity[row >> 6] & (1n << BigInt(row & 63))) !== 0n

/** Registers all functions for the database of a connection. */
export function registerFunctions(connection: Connection, api: Api, backend: string): void {
  const duckdb = bindingsOf(connection)
  if (typeof connection.registerScalarFunction !== 'function')
    throw withCode(
      new Error(
        '@duckdb/node-api must be 1.3.2-alpha.26 or later to register functions in JavaScript; ' +
          `got one with DuckDB ${duckdb.library_version()}`,
      ),
      'ERR_SOFTPLUS_DUCKDB',
    )
  const float = duckdb.create_logical_type(duckdb.Type.FLOAT)
  const double = duckdb.create_logical_type(duckdb.Type.DOUBLE)
  const list = duckdb.create_list_type(float)
  const text = duckdb.create_logical_type(duckdb.Type.VARCHAR)

  function add(
    name: string,
    result: Bindings.LogicalType,
    parameters: Bindings.LogicalType[],
    call: (input: Bindings.DataChunk, output: Bindings.Vector) => void,
    { others, isVolatile }: { others?: Bindings.LogicalType; isVolatile?: true } = {},
  ): void {
    const scalarFunction = duckdb.create_scalar_function()
    duckdb.scalar_function_set_name(scalarFunction, name)
    duckdb.scalar_function_set_return_type(scalarFunction, result)
    for (const type of parameters) duckdb.scalar_function_add_parameter(scalarFunction, type)
    if (others) duckdb.scalar_function_set_varargs(scalarFunction, others)
    if (isVolatile) duckdb.scalar_function_set_volatile(scalarFunction)
    duckdb.scalar_function_set_function(scalarFunction, (info, input, output) => {
      try {
        call(input, output)
      } catch (error) {
        duckdb.scalar_function_set_error(info, (error as Error).message)
      }
    })
    connection.registerScalarFunction?.({ scalar_function: scalarFunction } as never)
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
      // Throws if they are too many, before DuckDB reserves memory.
      const y = new Float32Array(Number(total))
      duckdb.list_vector_reserve(output, y.length)
      duckdb.list_vector_set_size(output, y.length)
      const elements = duckdb.list_vector_get_child(rows.x)
      const length = duckdb.list_vector_get_size(rows.x)
      const x = floatsOf(duckdb, elements, length)
      const mask = validityOf(duckdb, elements, length)
      const written = mask && elementValidity(mask, rows.count, from, to, y.length)
      rows.forEachRun((start, end, options) => {
        // Lists that follow each other in memory, as they do in a table, are one array.
        for (let row = start; row < end; ) {
          const [begin, at] = [Number(from[2 * row]), Number(to[2 * row])]
          let n = Number(to[2 * row + 1])
          const isNext = (other: number) =>
            to[2 * other + 1] === 0n || from[2 * other] === BigInt(begin + n)
          for (row++; row < end && n > 0 && isNext(row); row++) n += Number(to[2 * row + 1])
          if (n > 0) f(x.subarray(begin, begin + n), { ...options, out: y.subarray(at, at + n) })
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
  const activations = activationsOf(api)
  for (const functionName of functionNames) {
    const entry = functions[functionName]
    const f = activations[functionName]
    const name = sqlName(entry)
    if (!hasOverloads) {
      add(name, float, [float], floatsCall(f), entry.takesScaling ? { others: double } : {})
      continue
    }
    for (const numbers of entry.takesScaling ? [[], [double], [double, double]] : [[]]) {
      add(name, float, [float, ...numbers], floatsCall(f))
      add(name, list, [list, ...numbers], listsCall(f))
    }
  }
  function callBackend(input: Bindings.DataChunk, output: Bindings.Vector): void {
    for (let row = 0; row < duckdb.data_chunk_get_size(input); row++)
      duckdb.vector_assign_string_element(output, row, backend)
  }
  // Last, as it says that all are there. Volatile, as this tells it from that of the extension.
  add('softplus_backend', text, [], callBackend, { isVolatile: true })
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

/** Of the elements of the results, those are NULL that are NULL in the lists of x. */
function elementValidity(
  mask: Validity,
  rows: number,
  from: BigUint64Array,
  to: BigUint64Array,
  total: number,
): Validity {
  const written = new BigUint64Array(wordsFor(total)).fill(~0n)
  for (let row = 0; row < rows; row++) {
    const [begin, at, n] = [from[2 * row], to[2 * row], to[2 * row + 1]].map(Number)
    for (let i = 0; i < n; i++)
      if (!isValid(mask, begin + i)) written[(at + i) >> 6] &= ~(1n << BigInt((at + i) & 63))
  }
  return written
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
  private readonly numbers: Float64Array[] = []

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
        this.numbers.push(new Float64Array(buffer, byteOffset, this.count))
      }
      const validity = validityOf(duckdb, vector, this.count)
      if (this.validity && validity)
        for (let word = 0; word < validity.length; word++) this.validity[word] &= validity[word]
      else this.validity ??= validity
    }
  }

  /**
   * Calls `run` for every run of rows with the same beta and threshold, as Rows::forEachRun in native/duckdb/rows.h, which
   * compares bits. === takes 0 for -0, which give the same results or error, and tells NaN from NaN, which is refused.
   */
  forEachRun(run: Run): void {
    const { count, validity } = this
    const [betas, thresholds] = this.numbers
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
