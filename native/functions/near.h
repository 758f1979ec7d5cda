// Near: |beta x| < 14.75. No exp, no log, no division.
//
// The negative half-line is cut into cells of width 1/2 around n = 0, -1/2, ..., -15.5, and each has a polynomial of
// degree 6 in r = a - n. Adding 0x1.8p22, whose unit in the last place is 1/2, rounds a to the nearest n and leaves
// the number of the cell in the low five bits of the sum z; n and r are then exact.
#pragma once

#include "argument.h"
#include "coefficients.h"

namespace softplus {

constexpr float nearLimit = 14.75f;
constexpr float halves = 0x1.8p22f;

template <class Lanes>
struct Near {
  Lanes z, n, r;
};

template <class Lanes, class Argument>
SOFTPLUS_INLINE Near<Lanes> reduceNear(const Argument& argument, Lanes x) {
  const Lanes a = withSignSet(argument.product(x));
  const Lanes z = a + halves;
  const Lanes n = z - halves;
  return {z, n, argument.refine(a - n, x, a)};
}

}  // namespace softplus
