// The errors of files that do not go together: another input, another run, shards that are missing.

import { InputError } from '../files/errors'

/** Files that do not go together, or shards that are missing. */
export class ShardsError extends InputError {
  override readonly code = 'ERR_SOFTPLUS_SHARDS'

  constructor(
    message: string,
    /** The shards that are not done, from 0, if that is the reason. */
    readonly missing?: number[],
  ) {
    super(message)
  }
}
