// Far: |beta x| >= 14.75, infinities and NaN, beside near lanes in one vector.
//
// Down there f(a) = u (1 - K u) with u = e^a, to 2^-40: K is 1/2 for softplus, 1 for sigmoid, 2 for the second
// derivative. So a far lane is moved into other cells by e multiples of ln 2: v = a - e ln 2 is in [-14.91, -14.20],
// and f(a) = 2^e (f(v) + K f(v)^2 (1 - 2^e)). A near lane has e = 0, which leaves every step below as it is in near.h.
#pragma once

#include "near.h"

namespace softplus {

constexpr float wholes = 0x1.8p23f;
constexpr float log2e = 0x1.715476p0f;
// ln 2 in two parts; the first has 15 bits, so that its product with an e of 9 bits is exact.
constexpr float ln2High = 0x1.62e4p-1f;
constexpr float ln2Low = 0x1.7f7d1cp-20f;
// 21 ln 2 = 14.556, the middle of where far lanes are moved to: what comes out just below a power of two, where an ulp
// is smallest, is then near the middle of a cell. Up to 21.5 ln 2 = 14.903 e is 0.
constexpr float octaves = 21.0f;

template <class Lanes>
struct Far {
  Lanes z, n, r, e;
  Lanes lost;  // what the rounding of r lost
};

// Below `floor` the result is that of `floor`: it has long been 0.
template <class Lanes, class Argument>
SOFTPLUS_INLINE Far<Lanes> reduceFar(const Argument& argument, Lanes x, float floor) {
  const Lanes a = max(floor, withSignSet(argument.product(x)));
  const Lanes e = min(0.0f, fma(a, log2e, wholes) - (wholes - octaves));
  const Lanes v = fma(e, -ln2High, a);
  const Lanes z = v + halves;
  const Lanes n = z - halves;
  const Lanes s = select(a > floor, argument.refine(v - n, x, a), v - n);
  const Lanes r = fma(e, -ln2Low, s);
  return {z, n, r, e, fma(e, -ln2Low, s - r)};
}

// The coefficients with what r lost and K f(v)^2 (1 - 2^e) added to the low part of c0. Three terms of f(v) are enough
// for the second, and keep it off the critical path. Below 2^-36 2^e no longer shows.
template <class Lanes>
SOFTPLUS_INLINE Coefficients<Lanes> corrected(Coefficients<Lanes> c, const Far<Lanes>& far, float K) {
  const Lanes w = fma(far.r * far.r, c.c2, fma(far.r, c.c1, c.c0));
  c.low = c.low + fma(c.c1, far.lost, w * w * fma(pow2(max(-36.0f, far.e)), -K, K));
  return c;
}

}  // namespace softplus
