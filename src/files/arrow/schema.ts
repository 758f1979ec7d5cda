// The schema of Arrow IPC: its columns, and how many buffers a record batch has for each of them.

import { isDeepStrictEqual } from 'node:util'
import { Endianness } from 'apache-arrow/fb/endianness'
import type { Field as FieldTable } from 'apache-arrow/fb/field'
import { FixedSizeList } from 'apache-arrow/fb/fixed-size-list'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import type { Schema as SchemaTable } from 'apache-arrow/fb/schema'
import { Type } from 'apache-arrow/fb/type'
import { Union } from 'apache-arrow/fb/union'
import { UnionMode } from 'apache-arrow/fb/union-mode'
import { InputError } from '../errors'
import { damaged } from './metadata'

/** How many nodes and buffers a record batch has for some fields. */
export interface Counts {
  nodes: number
  /** The buffers, without those that unions and views have more. */
  buffers: number
  /** Each union has one buffer more in version 4. */
  unions: number
  /** Each view has any number of buffers more, which the record batch counts. */
  views: number
}

/** A column, or a field in one. In a record batch each has one node, and buffers of its own before those of its children. */
export interface Field {
  name: string
  /** Its type as messages give it, such as float64. */
  type: string
  /** Whether its values may be chosen: float32, a list of something, or a struct of something. */
  kind: 'float32' | 'list' | 'struct' | 'dictionary' | 'nested' | 'other'
  /** The counts of all fields before it: where its node and its buffers are. */
  before: Counts
  /** The node of the field that it is in, or -1 for a column. */
  parent: number
  /** How many values it has for each of its parent's; absent if that may be any number. */
  each?: number
  /** None if it is dictionary-encoded: its values are in dictionary batches. */
  children: Field[]
}

export interface Schema {
  fields: Field[]
  /** Every field, each before its children: the order of the nodes and buffers in a record batch. */
  flat: Field[]
  /** The counts of all fields. */
  total: Counts
}

// Arrow's C++ library allows as many levels. Without limits, a few bytes that refer to themselves could exhaust the memory: a field
// takes more than 16 bytes, unless it is a second reference to the bytes of another.
const deepest = 64
const mostFields = 1 << 18
const fewestBytes = 16

/** What a type has in a record batch. */
interface TypeBuffers {
  name: string
  buffers: number
  children?: 0 | 1 | 2 | 'any'
  kind?: Field['kind']
}

// https://arrow.apache.org/docs/format/Columnar.html, "Buffer Listing for Each Layout"
const typeBuffers: Partial<Record<Type, TypeBuffers>> = {
  [Type.Null]: { name: 'null', buffers: 0 },
  [Type.Int]: { name: 'int', buffers: 2 },
  [Type.FloatingPoint]: { name: 'float', buffers: 2 },
  [Type.Binary]: { name: 'binary', buffers: 3 },
  [Type.Utf8]: { name: 'utf8', buffers: 3 },
  [Type.Bool]: { name: 'bool', buffers: 2 },
  [Type.Decimal]: { name: 'decimal', buffers: 2 },
  [Type.Date]: { name: 'date', buffers: 2 },
  [Type.Time]: { name: 'time', buffers: 2 },
  [Type.Timestamp]: { name: 'timestamp', buffers: 2 },
  [Type.Interval]: { name: 'interval', buffers: 2 },
  [Type.List]: { name: 'list', buffers: 2, children: 1, kind: 'list' },
  [Type.Struct_]: { name: 'struct', buffers: 1, children: 'any', kind: 'struct' },
  [Type.Union]: { name: 'union', buffers: 1, children: 'any', kind: 'nested' },
  [Type.FixedSizeBinary]: { name: 'fixed-size binary', buffers: 2 },
  [Type.FixedSizeList]: { name: 'fixed-size list', buffers: 1, children: 1, kind: 'list' },
  [Type.Map]: { name: 'map', buffers: 2, children: 1, kind: 'nested' },
  [Type.Duration]: { name: 'duration', buffers: 2 },
  [Type.LargeBinary]: { name: 'large binary', buffers: 3 },
  [Type.LargeUtf8]: { name: 'large utf8', buffers: 3 },
  [Type.LargeList]: { name: 'large list', buffers: 2, children: 1, kind: 'list' },
  [Type.RunEndEncoded]: { name: 'run-end encoded', buffers: 0, children: 2, kind: 'nested' },
  [Type.BinaryView]: { name: 'binary view', buffers: 2 },
  [Type.Utf8View]: { name: 'utf8 view', buffers: 2 },
  [Type.ListView]: { name: 'list view', buffers: 3, children: 1, kind: 'list' },
  [Type.LargeListView]: { name: 'large list view', buffers: 3, children: 1, kind: 'list' },
}

/** Reads a schema; throws an InputError if record batches that follow it cannot be read. */
export function readSchema(table: SchemaTable): Schema {
  if (table.endianness() !== Endianness.Little)
    throw new InputError(
      'the values must be little-endian; got big-endian. Write the file on a little-endian machine',
    )
  const schema: Schema = {
    fields: [],
    flat: [],
    total: { nodes: 0, buffers: 0, unions: 0, views: 0 },
  }
  const count = table.fieldsLength()
  for (let i = 0; i < count; i++)
    schema.fields.push(readField(table.fields(i), schema, { parent: -1 }, 1))
  return schema
}

function readField(
  table: FieldTable | null,
  schema: Schema,
  place: Pick<Field, 'parent' | 'each'>,
  depth: number,
): Field {
  if (table === null) throw new InputError(`the schema must have all of its fields. ${damaged}`)
  checkLimits(schema, table.bb?.capacity() ?? 0, depth)
  const type = table.typeType()
  const buffers = typeBuffers[type]
  if (buffers === undefined)
    throw new InputError(
      `the types of the columns must be known; got type ${type}. Leave the column out, or convert it`,
    )
  const isEncoded = table.dictionary() !== null
  const { flat, total } = schema
  const field: Field = {
    name: table.name() ?? '',
    type: (isEncoded ? 'dictionary-encoded ' : '') + typeName(type, table, buffers),
    kind: isEncoded ? 'dictionary' : kindOf(type, table, buffers),
    before: { ...total },
    ...place,
    children: [],
  }
  flat.push(field)
  total.nodes++
  // An encoded column has its indices in the record batch, which are integers.
  total.buffers += isEncoded ? 2 : buffers.buffers + (isDense(type, table) ? 1 : 0)
  if (isEncoded) return field
  if (type === Type.Union) total.unions++
  if (type === Type.BinaryView || type === Type.Utf8View) total.views++
  const count = table.childrenLength()
  const { children: wanted = 0 } = buffers
  if (wanted !== 'any' && count !== wanted)
    throw new InputError(
      `a column of type ${field.type} must have ${wanted} children; got ${count}. ${damaged}`,
    )
  const inside = { parent: field.before.nodes, ...eachOf(type, table) }
  for (let i = 0; i < count; i++)
    field.children.push(readField(table.children(i), schema, inside, depth + 1))
  return field
}

function checkLimits({ flat }: Schema, bytes: number, depth: number): void {
  if (depth > deepest || flat.length >= mostFields)
    throw new InputError(
      `the schema must have at most ${mostFields} fields in ${deepest} levels; got more. Write fewer columns`,
    )
  const most = Math.floor(bytes / fewestBytes)
  if (flat.length >= most)
    throw new InputError(
      `the schema must have at most ${most} fields in its ${bytes} bytes; got more. ${damaged}`,
    )
}

function typeName(type: Type, table: FieldTable, { name }: TypeBuffers): string {
  if (type === Type.FloatingPoint) return `float${precisionOf(table) ?? ''}`
  if (type !== Type.Int) return name
  const int = detailsOf(table, new Int())
  return `${int.isSigned() ? '' : 'u'}int${int.bitWidth()}`
}

const precisions = [16, 32, 64]

const precisionOf = (table: FieldTable): number | undefined =>
  precisions[detailsOf(table, new FloatingPoint()).precision()]

function kindOf(type: Type, table: FieldTable, { kind = 'other' }: TypeBuffers): Field['kind'] {
  return type === Type.FloatingPoint && precisionOf(table) === 32 ? 'float32' : kind
}

const isDense = (type: Type, table: FieldTable): boolean =>
  type === Type.Union && detailsOf(table, new Union()).mode() === UnionMode.Dense

function eachOf(type: Type, table: FieldTable): Pick<Field, 'each'> {
  if (type === Type.Struct_) return { each: 1 }
  if (type !== Type.FixedSizeList) return {}
  return { each: detailsOf(table, new FixedSizeList()).listSize() }
}

/** The table of a field's type, read into an object of that type's class. */
function detailsOf<Details>(table: FieldTable, details: Details): Details {
  if (table.type(details) !== null) return details
  throw new InputError(`the schema must describe the types of its columns; got none. ${damaged}`)
}

/** Whether both say the same of the record batches. */
export const isSameSchema = (one: Schema, other: Schema): boolean =>
  isDeepStrictEqual(one.fields, other.fields)
