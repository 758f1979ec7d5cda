// The functions by the names that plans have for them.

import { activationsOf } from '../api/byName'
import * as library from '../index'

export const activations = activationsOf(library)
