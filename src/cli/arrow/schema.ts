// The schema of Arrow IPC: its columns, and how many buffers a record batch has for each of them.

import { isDeepStrictEqual } from 'node:util'
import { Endianness } from 'apache-arrow/fb/endianness'
import type { Field as FieldTable } from 'apache-arrow/fb/field'
import { FloatingPoint } from 'apache-arrow/fb/floating-point'
import { Int } from 'apache-arrow/fb/int'
import type { Schema as SchemaTable } from 'apache-arrow/fb/schema'
import { Type } from 'apache-arrow/fb/type'
import { Union } from 'apache-arrow/fb/union'
import { UnionMode } from 'apache-arrow/fb/union-mode'
import { InputError } from '../errors'
import { damaged } from './metadata'

/** A column, or a field in one. In a record batch each has one node, and buffers of its own before those of its children. */
export interface Field {
  name: string
  /** Its type as messages give it, such as float64. */
  type: string
  /** Whether its values may be chosen: float32, a list of something, or a struct of something. */
  kind: 'float32' | 'list' | 'struct' | 'other'
  buffers: number
  /** Unions have one buffer more in version 4. */
  isUnion: boolean
  /** Views have any number of buffers more, which each record batch counts. */
  isView: boolean
  /** None if it is dictionary-encoded: its values are in dictionary batches. */
  children: Field[]
}

export interface Schema {
  fields: Field[]
  /** Every field, each before its children: the order of the nodes and buffers in a record batch. */
  flat: Field[]
}

// Arrow's C++ library nests as deep. Without limits, a few bytes that refer to themselves could exhaust the memory: a field
// takes more than 16 bytes, unless it is a second reference to the bytes of another.
const deepest = 64
const mostFields = 1 << 18
const fewestBytes = 16

interface Layout {
  name: string
  buffers: number
  children?: 0 | 1 | 2 | 'any'
  kind?: Field['kind']
}

// https://arrow.apache.org/docs/format/Columnar.html, "Buffer Listing for Each Layout"
const layouts: Partial<Record<Type, Layout>> = {
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
  [Type.Union]: { name: 'union', buffers: 1, children: 'any' },
  [Type.FixedSizeBinary]: { name: 'fixed-size binary', buffers: 2 },
  [Type.FixedSizeList]: { name: 'fixed-size list', buffers: 1, children: 1, kind: 'list' },
  [Type.Map]: { name: 'map', buffers: 2, children: 1 },
  [Type.Duration]: { name: 'duration', buffers: 2 },
  [Type.LargeBinary]: { name: 'large binary', buffers: 3 },
  [Type.LargeUtf8]: { name: 'large utf8', buffers: 3 },
  [Type.LargeList]: { name: 'large list', buffers: 2, children: 1, kind: 'list' },
  [Type.RunEndEncoded]: { name: 'run-end encoded', buffers: 0, children: 2 },
  [Type.BinaryView]: { name: 'binary view', buffers: 2 },
  [Type.Utf8View]: { name: 'utf8 view', buffers: 2 },
  [Type.ListView]: { name: 'list view', buffers: 3, children: 1, kind: 'list' },
  [Type.LargeListView]: { name: 'large list view', buffers: 3, children: 1, kind: 'list' },
}

/** The fields read so far, and how many they may be. */
interface Fields {
  flat: Field[]
  most: number
}

/** Reads a schema; throws an InputError if record batches that follow it cannot be read. */
export function readSchema(table: SchemaTable): Schema {
  if (table.endianness() !== Endianness.Little)
    throw new InputError(
      'the data must be little-endian; got big-endian. Write the file on a little-endian machine',
    )
  const flat: Field[] = []
  const bytes = table.bb?.capacity() ?? 0
  const most = Math.min(mostFields, Math.floor(bytes / fewestBytes))
  const count = table.fieldsLength()
  const fields: Field[] = []
  for (let i = 0; i < count; i++) fields.push(readField(table.fields(i), { flat, most }, 1))
  return { fields, flat }
}

function readField(table: FieldTable | null, all: Fields, depth: number): Field {
  const { flat, most } = all
  if (table === null) throw new InputError(`the schema must have all of its fields. ${damaged}`)
  if (depth > deepest || flat.length >= most)
    throw new InputError(
      `the schema must have at most ${most} fields in ${deepest} levels; got more. Write fewer columns`,
    )
  const type = table.typeType()
  const layout = layouts[type]
  if (layout === undefined)
    throw new InputError(
      `the types of the columns must be known; got type ${type}. Leave the column out, or convert it`,
    )
  const isEncoded = table.dictionary() !== null
  const field: Field = {
    name: table.name() ?? '',
    type: (isEncoded ? 'dictionary-encoded ' : '') + typeName(type, table, layout),
    // An encoded column has its indices in the record batch, which are integers.
    kind: isEncoded ? 'other' : kindOf(type, table, layout),
    buffers: isEncoded ? 2 : layout.buffers + (isDense(type, table) ? 1 : 0),
    isUnion: type === Type.Union && !isEncoded,
    isView: (type === Type.BinaryView || type === Type.Utf8View) && !isEncoded,
    children: [],
  }
  flat.push(field)
  if (isEncoded) return field
  const count = table.childrenLength()
  const { children: wanted = 0 } = layout
  if (wanted !== 'any' && count !== wanted)
    throw new InputError(
      `a column of type ${field.type} must have ${wanted} children; got ${count}. ${damaged}`,
    )
  for (let i = 0; i < count; i++) field.children.push(readField(table.children(i), all, depth + 1))
  return field
}

const precisions = [16, 32, 64]

function typeName(type: Type, table: FieldTable, { name }: Layout): string {
  if (type === Type.FloatingPoint) return `float${precisionOf(table) ?? ''}`
  if (type !== Type.Int) return name
  const int: Int | null = table.type(new Int())
  return `${int?.isSigned() ? '' : 'u'}int${int?.bitWidth()}`
}

function precisionOf(table: FieldTable): number | undefined {
  const float: FloatingPoint | null = table.type(new FloatingPoint())
  return precisions[float?.precision() ?? 0]
}

function kindOf(type: Type, table: FieldTable, { kind = 'other' }: Layout): Field['kind'] {
  return type === Type.FloatingPoint && precisionOf(table) === 32 ? 'float32' : kind
}

function isDense(type: Type, table: FieldTable): boolean {
  if (type !== Type.Union) return false
  const union: Union | null = table.type(new Union())
  return union?.mode() === UnionMode.Dense
}

/** Whether both say the same of the record batches. */
export const isSameSchema = (one: Schema, other: Schema): boolean =>
  isDeepStrictEqual(one.fields, other.fields)
