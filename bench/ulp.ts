// How far results are from the true values, in units in the last place of those.

// In binary64, whose errors are a billionth of a float32's unit.
const softplus = (x: number): number =>
  x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))

/** The unit in the last place of float32 at a true value; below the smallest normal number it is 2^-149. */
const ulpOf = (value: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(value))) - 23)

/** The largest error of results for softplus(x), beta 1; Infinity where one is not finite and should be. */
export function largestError(x: Float32Array, y: Float32Array): number {
  let largest = 0
  for (let i = 0; i < x.length; i++) {
    const want = softplus(x[i])
    if (Object.is(y[i], Math.fround(want))) {
      if (Number.isFinite(want) && want !== 0)
        largest = Math.max(largest, Math.abs(y[i] - want) / ulpOf(want))
      continue
    }
    const error = Math.abs(y[i] - want) / ulpOf(Math.max(want, 2 ** -149))
    if (!(error <= largest)) largest = Number.isFinite(error) ? error : Infinity
  }
  return largest
}
