// The columns that --column names.

import { clipped, InputError } from '../errors'
import type { Field, Schema } from './schema'

/** A schema, and the fields whose values are activated, each with the name that was given for it. */
export interface Columns {
  schema: Schema
  chosen: ReadonlyMap<Field, string>
}

/** Finds the columns; throws an InputError that lists those there are if one of them is none, or not float32. */
export function chooseColumns(schema: Schema, names: readonly string[]): Columns {
  if (names.length === 0) throw new InputError(`${wanted(schema)}; got none`)
  return { schema, chosen: new Map(names.map((name) => [chooseColumn(schema, name), name])) }
}

function chooseColumn(schema: Schema, name: string): Field {
  const named = find(schema.fields, name)
  if (named === undefined) throw new InputError(`${wanted(schema)}; got '${clipped(name)}'`)
  const field = elementOf(named)
  if (field.kind === 'float32') return field
  throw new InputError(
    `the column '${clipped(name)}' must be float32, or lists of it; got ${typeText(named)}. ${remedyFor(field, name)}`,
  )
}

/** The field of this name, or of a path such as `a.b`. A name that has a dot itself comes before a path. */
function find(fields: readonly Field[], path: string): Field | undefined {
  const parts = path.split('.')
  for (let count = parts.length; count > 0; count--) {
    const field = fieldNamed(fields, parts.slice(0, count).join('.'))
    if (field === undefined) continue
    if (count === parts.length) return field
    const inside = find(fieldsIn(field), parts.slice(count).join('.'))
    if (inside) return inside
  }
  return undefined
}

function fieldNamed(fields: readonly Field[], wanted: string): Field | undefined {
  const found = fields.filter(({ name }) => name === wanted)
  if (found.length > 1)
    throw new InputError(
      `the column '${clipped(wanted)}' must be the only one of its name; got ${found.length}. Rename the others`,
    )
  return found[0]
}

/** What the lists hold in the end, or the field itself if it is no list. */
function elementOf(field: Field): Field {
  return field.kind === 'list' ? elementOf(field.children[0]) : field
}

const fieldsIn = (field: Field): readonly Field[] => {
  const element = elementOf(field)
  return element.kind === 'struct' ? element.children : []
}

const typeText = (field: Field): string =>
  field.kind === 'list' ? `${field.type} of ${typeText(field.children[0])}` : field.type

function remedyFor(field: Field, path: string): string {
  const inside = listOf(pathsIn(fieldsIn(field), `${path}.`))
  if (inside !== '') return `Name one of its fields: ${inside}`
  if (field.kind === 'dictionary') return 'Decode it, with pyarrow: column.dictionary_decode()'
  if (field.kind === 'other') return 'Convert it, with pyarrow: column.cast(pyarrow.float32())'
  return `What is in a ${field.type} here cannot be activated: write it to a column of float32`
}

function wanted({ fields }: Schema): string {
  const paths = listOf(pathsIn(fields, ''))
  if (paths !== '') return `columns (--column) must name columns of float32: ${paths}`
  const others = listOf(fields.map((field) => `${field.name} (${typeText(field)})`))
  return `columns (--column) must name columns of float32; those here are ${others || 'none'}`
}

/** The paths of all columns of float32, in their order. */
function* pathsIn(fields: readonly Field[], prefix: string): Generator<string, void> {
  for (const field of fields) {
    if (elementOf(field).kind === 'float32') yield prefix + field.name
    else yield* pathsIn(fieldsIn(field), `${prefix + field.name}.`)
  }
}

const longestList = 120

function listOf(names: Iterable<string>): string {
  let text = ''
  for (const name of names) {
    if (text.length + name.length > longestList) return `${text || clipped(name)}, …`
    text += (text && ', ') + clipped(name)
  }
  return text
}
