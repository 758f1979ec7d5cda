// softplus/arrow: functions over columns of apache-arrow.

import { type Activate, createActivate } from './api/arrow'
import { relu, softplus } from './index'

export type { Activatable, ActivatableType, ActivateOptions, ActivateOutput } from './api/arrow'

/**
 * softplus, or another function, of every float32 value of an Arrow column, with the bits of the array call. Rows, chunks,
 * lists and nulls stay as they are. A call that throws has written nothing.
 *
 * Only the values of the rows are read, not the rest of what a slice is cut from. Values under a null are computed like
 * the others. The result shares no memory with vector, neither values nor null bitmaps nor list offsets, unless `out` asks
 * for it. vector is not written to, and its buffers, which the columns of a batch share, stay attached.
 *
 * @param vector A Vector or Data of apache-arrow 14 or later: of Float32, or of List, LargeList or FixedSizeList of
 * Float32, also nested. A column of a Table or RecordBatch is a Vector.
 * @returns A new Vector or Data, as came, of the same type and with the same chunks; with `out: vector`, vector itself.
 * @throws {TypeError} ERR_INVALID_ARG_TYPE if vector is anything else, or an option has the wrong type;
 * ERR_INVALID_ARG_VALUE if an option is unknown, or `function` names none; ERR_INVALID_STATE if memory of vector or out is
 * detached.
 * @throws {RangeError} ERR_OUT_OF_RANGE if out has another length, or overlaps vector in part; if out is vector and its
 * chunks share memory, or it is memoized; if beta or threshold is out of its range.
 *
 * @example
 * const vector = vectorFromArray([-2, null, 2], new Float32())
 * activate(vector).toJSON() // [0.126928…, null, 2.126928…]
 * activate(vector, { function: 'derivative', beta: 2, out: vector }) // over vector's memory
 */
export const activate: Activate = createActivate({ softplus, relu })
