// softplus/duckdb: the functions in SQL. Loads the DuckDB extension, or registers the functions in JavaScript.

import { setTimeout as delay } from 'node:timers/promises'
import { checkNames, isRecord, noNames } from './api/options'
import { forcedBackend } from './environment'
import { invalidType, withCode } from './errors'
import { backend, relu, softplus } from './index'
import { findExtension } from './sql/extension'
import { type Connection, javaScriptStability, registerFunctions } from './sql/functions'
import type { BackendName } from './types'

export interface RegisterOptions {
  /**
   * 'extension' to throw where the extension cannot be loaded; 'javascript' to leave it alone. Default: the extension
   * if it can be loaded, otherwise JavaScript, with a warning once.
   */
  kind?: 'extension' | 'javascript'
}

export interface Registration {
  /** 'javascript' has the same results, but one thread computes. */
  kind: 'extension' | 'javascript'
  /** What computes, as `backend.name` and softplus_backend() in SQL. */
  backend: BackendName
}

/**
 * The path of the DuckDB extension, for `LOAD` in other clients: the command line, Python. null where there is none: it is
 * published for Linux, x64 and arm64.
 */
export const extensionPath: string | null = findExtension()

/**
 * Makes softplus, softplus_derivative, softplus_second_derivative, softplus_inverse, relu, relu_derivative and
 * softplus_backend available in SQL, for all connections to the database instance. To do it again changes nothing.
 *
 * Create the instance with `allow_unsigned_extensions`, which cannot be set later. Without it, on other platforms than
 * Linux, and under SOFTPLUS_BACKEND=wasm or js, the functions run in JavaScript, on the calling thread. A macro that has
 * the name of a function comes before it.
 *
 * @param connection A DuckDBConnection of @duckdb/node-api, without a query under way.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE if connection or an option has the wrong type; ERR_INVALID_ARG_VALUE if an
 * option is unknown.
 * @throws {Error} ERR_INVALID_STATE within a transaction. ERR_SOFTPLUS_DUCKDB with kind 'extension' if DuckDB cannot load
 * it, with what DuckDB says; in JavaScript, if @duckdb/node-api is older than 1.3.2-alpha.26.
 *
 * @example
 * const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
 * const connection = await instance.connect()
 * await register(connection) // { kind: 'extension', backend: 'avx2' }
 * await connection.runAndReadAll('SELECT softplus(x, 2) FROM range(10) AS t(x)')
 */
export async function register(
  connection: Connection,
  options: RegisterOptions = {},
): Promise<Registration> {
  if (typeof connection?.runAndReadAll !== 'function')
    throw invalidType('connection', 'a DuckDBConnection of @duckdb/node-api', connection)
  const kind = readKind(options)
  const registration = (lastOn.get(connection) ?? Promise.resolve()).then(() =>
    registerNow(connection, kind),
  )
  lastOn.set(
    connection,
    registration.catch(() => {}),
  )
  return registration
}

// One call after the other on a connection. To register in JavaScript, the main thread waits until the connection is free. A
// query that calls a function in JavaScript waits for the main thread: together they would wait for ever.
const lastOn = new WeakMap<Connection, Promise<unknown>>()

async function registerNow(
  connection: Connection,
  kind: RegisterOptions['kind'],
): Promise<Registration> {
  await checkNoTransaction(connection)
  const registered = await readRegistration(connection)
  if (registered && (registered.kind === 'extension' || kind !== 'extension')) return registered
  if (kind === 'javascript' || (!kind && isJavaScriptForced()))
    return registerJavaScript(connection)
  try {
    return await loadInTurn(connection)
  } catch (error) {
    const { message } = error as Error
    if (kind) throw withCode(new Error(`${notLoaded}. ${message}`), 'ERR_SOFTPLUS_DUCKDB')
    const registration = await registerJavaScript(connection)
    warn(message)
    return registration
  }
}

function readKind(options: RegisterOptions): RegisterOptions['kind'] {
  if (!isRecord(options))
    throw invalidType('options', "an object such as { kind: 'extension' }", options)
  checkNames('options', options, ['kind'], noNames)
  const { kind } = options
  if (kind !== undefined && kind !== 'extension' && kind !== 'javascript')
    throw invalidType('kind', "'extension' or 'javascript'", kind)
  return kind
}

/** The extension has only the backends of the addon. */
const isJavaScriptForced = (): boolean => ['wasm', 'js'].includes(forcedBackend() ?? '')

async function ask(connection: Connection, sql: string): Promise<unknown[] | undefined> {
  return (await connection.runAndReadAll(sql)).getRows()[0]
}

/**
 * A LOAD that fails ends the transaction it is in, whose changes would be lost.
 *
 * @throws {Error} ERR_INVALID_STATE within a transaction.
 */
async function checkNoTransaction(connection: Connection): Promise<void> {
  // The time when the transaction began: without one, each query has its own. DuckDB 1.3 counts milliseconds. The number of
  // the transaction is no alternative: txid_current() must not be asked while a database of another format is in use.
  const ms = 'SELECT epoch_ms(transaction_timestamp())'
  const before = await ask(connection, ms)
  await delay(5)
  if (before?.[0] === (await ask(connection, ms))?.[0])
    throw withCode(
      new Error('register must be called outside a transaction; got a connection within one'),
      'ERR_INVALID_STATE',
    )
}

/** What is registered already. softplus_backend comes last, so where it is all functions are. */
async function readRegistration(connection: Connection): Promise<Registration | undefined> {
  const found = await ask(
    connection,
    `SELECT stability FROM duckdb_functions()
     WHERE function_name = 'softplus_backend' AND function_type = 'scalar' AND database_name = 'system'`,
  )
  if (!found) return undefined
  // A macro of the same name would come first.
  const [name] = (await ask(connection, 'SELECT system.main.softplus_backend()')) ?? []
  return {
    kind: found[0] === javaScriptStability ? 'javascript' : 'extension',
    backend: name as BackendName,
  }
}

// One LOAD after the other: in DuckDB 1.3 the second of two at once on an instance fails while the first is not done.
let lastLoad: Promise<unknown> = Promise.resolve()

function loadInTurn(connection: Connection): Promise<Registration> {
  const registration = lastLoad.then(() => load(connection))
  lastLoad = registration.catch(() => {})
  return registration
}

async function load(connection: Connection): Promise<Registration> {
  if (extensionPath === null)
    throw new Error(`There is none for ${process.platform}-${process.arch}`)
  await connection.runAndReadAll(`LOAD '${extensionPath.replaceAll("'", "''")}'`)
  return (await readRegistration(connection)) as Registration
}

async function registerJavaScript(connection: Connection): Promise<Registration> {
  try {
    registerFunctions(connection, { softplus, relu }, backend.name)
  } catch (error) {
    // Before version 1.5 DuckDB refuses what another call has registered meanwhile.
    const registered = await readRegistration(connection)
    if (!registered) throw error
    return registered
  }
  return { kind: 'javascript', backend: backend.name }
}

const notLoaded = 'The DuckDB extension of softplus could not be loaded'

// Shared by the ESM and the CommonJS build, so that a process which loads both is warned once.
const warned = Symbol.for('softplus.duckdb.warned')

function warn(reason: string): void {
  const process = globalThis.process as NodeJS.Process & { [warned]?: true }
  if (process[warned]) return
  process[warned] = true
  process.emitWarning(
    `${notLoaded}, so its functions run in JavaScript, with the same results but on one thread, and slower. ${reason}. ` +
      "Create the instance with { allow_unsigned_extensions: 'true' }, or call register(connection, { kind: 'javascript' }) " +
      'to run without this warning.',
    { type: 'SoftplusWarning', code: 'SOFTPLUS_DUCKDB' },
  )
}
