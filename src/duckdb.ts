// softplus/duckdb: the functions in SQL. Loads the DuckDB extension, or registers the functions in JavaScript.

import { forcedBackend } from './environment'
import { invalidType, withCode } from './errors'
import { backend, relu, softplus } from './index'
import { findExtension } from './sql/extension'
import { type Connection, registerFunctions } from './sql/functions'
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
 * Linux, and under SOFTPLUS_BACKEND=wasm or js, the functions run in JavaScript, on the calling thread.
 *
 * @param connection A DuckDBConnection of @duckdb/node-api.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE if connection or an option has the wrong type. With kind 'extension', what
 * DuckDB says when it cannot load it, with the code ERR_SOFTPLUS_DUCKDB.
 *
 * @example
 * const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' })
 * const connection = await instance.connect()
 * await register(connection) // { kind: 'extension', backend: 'avx2' }
 * await connection.runAndReadAll('SELECT softplus(x, 2) FROM range(10) AS t(x)')
 */
export function register(
  connection: Connection,
  options: RegisterOptions = {},
): Promise<Registration> {
  // One after the other: two for one instance must not both find it empty.
  const registration = last.then(() => registerNow(connection, options))
  last = registration.catch(() => {})
  return registration
}

let last: Promise<unknown> = Promise.resolve()

async function registerNow(
  connection: Connection,
  options: RegisterOptions,
): Promise<Registration> {
  if (typeof connection?.registerScalarFunction !== 'function')
    throw invalidType('connection', 'a DuckDBConnection of @duckdb/node-api', connection)
  const wanted = readKind(options)
  const registered = await findRegistered(connection)
  if (registered && (registered.kind === 'extension' || wanted !== 'extension')) return registered
  if (wanted === 'javascript' || (!wanted && isJavaScriptForced())) return inJavaScript(connection)
  try {
    if (registered) throw new Error('Its functions are registered in JavaScript already')
    return await load(connection)
  } catch (error) {
    const { message } = error as Error
    if (wanted) throw withCode(new Error(`${notLoaded}. ${message}`), 'ERR_SOFTPLUS_DUCKDB')
    const registration = inJavaScript(connection)
    warn(message)
    return registration
  }
}

function readKind(options: RegisterOptions): RegisterOptions['kind'] {
  if (typeof options !== 'object' || options === null)
    throw invalidType('options', "an object such as { kind: 'extension' }", options)
  const { kind } = options
  if (kind !== undefined && kind !== 'extension' && kind !== 'javascript')
    throw invalidType('kind', "'extension' or 'javascript'", kind)
  return kind
}

/** The extension has only the backends of the addon. */
const isJavaScriptForced = (): boolean => ['wasm', 'js'].includes(forcedBackend() ?? '')

// A query that fails would end the user's transaction, so this one cannot.
async function findRegistered(connection: Connection): Promise<Registration | undefined> {
  const found = await connection.runAndReadAll(
    "SELECT count(*) > 0, (SELECT count(*) > 0 FROM duckdb_extensions() WHERE extension_name = 'softplus' AND loaded) " +
      "FROM duckdb_functions() WHERE function_name = 'softplus_backend'",
  )
  const [isThere, isExtension] = found.getRows()[0]
  return isThere
    ? describeRegistered(connection, isExtension ? 'extension' : 'javascript')
    : undefined
}

async function describeRegistered(
  connection: Connection,
  kind: Registration['kind'],
): Promise<Registration> {
  const [[name]] = (await connection.runAndReadAll('SELECT softplus_backend()')).getRows()
  return { kind, backend: name as BackendName }
}

async function load(connection: Connection): Promise<Registration> {
  if (extensionPath === null)
    throw new Error(`There is none for ${process.platform}-${process.arch}`)
  await connection.runAndReadAll(`LOAD '${extensionPath.replaceAll("'", "''")}'`)
  return describeRegistered(connection, 'extension')
}

function inJavaScript(connection: Connection): Registration {
  registerFunctions(connection, { softplus, relu }, backend.name)
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
