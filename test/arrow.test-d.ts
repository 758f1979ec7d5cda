// Which columns of apache-arrow compile, and what they give. Nothing here is run.
import type {
  Data,
  Dictionary,
  FixedSizeList,
  Float32,
  Float64,
  Int32,
  LargeList,
  List,
  Map_,
  Struct,
  Table,
  Utf8,
  Vector,
} from 'apache-arrow'
import { expectTypeOf, test } from 'vitest'
import { type ActivateOptions, activate } from '../src/arrow'
import type { FunctionName } from '../src/math/functions'

declare function given<T>(): T
const column = given<Vector<Float32>>()

test('the result has the type of the column', () => {
  expectTypeOf(activate(column)).toEqualTypeOf<Vector<Float32>>()
  expectTypeOf(activate(given<Data<Float32>>())).toEqualTypeOf<Data<Float32>>()
  const lists = given<Vector<List<Float32>>>()
  expectTypeOf(activate(lists)).toEqualTypeOf<Vector<List<Float32>>>()
  activate(given<Vector<LargeList<Float32>>>())
  activate(given<Data<FixedSizeList<List<Float32>>>>())
  const table = given<Table<{ x: Float32; y: Utf8 }>>()
  const x = table.getChild('x')
  if (x) expectTypeOf(activate(x)).toEqualTypeOf<Vector<Float32>>()
  // Of unknown columns the library says any.
  const unknown = given<Table>().getChild('x')
  if (unknown) activate(unknown)
})

test('options', () => {
  expectTypeOf<NonNullable<ActivateOptions['function']>>().toEqualTypeOf<FunctionName>()
  activate(column, { function: 'derivative', beta: 2, threshold: 20, out: new Float32Array(3) })
  activate(column, { out: column })
  activate(column, { function: undefined, beta: undefined, out: undefined })
  activate(column, { function: 'reluDerivative', out: column })
  // @ts-expect-error no such function
  activate(column, { function: 'sigmoid' })
  // @ts-expect-error relu takes no beta
  activate(column, { function: 'relu', beta: 2 })
  // @ts-expect-error no such option
  activate(column, { betta: 2 })
  // @ts-expect-error no Float64Array
  activate(column, { out: new Float64Array(3) })
  // @ts-expect-error another type of column
  activate(column, { out: given<Vector<List<Float32>>>() })
})

test('other columns', () => {
  // @ts-expect-error
  activate(given<Vector<Float64>>())
  // @ts-expect-error
  activate(given<Data<Int32>>())
  // @ts-expect-error
  activate(given<Vector<Utf8>>())
  // @ts-expect-error
  activate(given<Vector<List<Float64>>>())
  // @ts-expect-error
  activate(given<Vector<Dictionary<Float32, Int32>>>())
  // @ts-expect-error
  activate(given<Vector<Struct<{ x: Float32 }>>>())
  // @ts-expect-error
  activate(given<Vector<Map_<Utf8, Float32>>>())
  // @ts-expect-error a whole table
  activate(given<Table<{ x: Float32 }>>())
  // @ts-expect-error
  activate(new Float32Array(3))
  // @ts-expect-error
  activate([1, 2])
  // @ts-expect-error the table may not have it
  activate(given<Table<{ x: Float32 }>>().getChild('x'))
})
