// One row of a table of cells, for every lane: the polynomial c0 + low + c1 r + ... + c6 r^6.
#pragma once

#include "../simd/inline.h"

namespace softplus {

template <class Lanes>
struct Coefficients {
  Lanes c0, c1, c2, c3, c4, c5, c6, low;
};

// The polynomial without its constant term c0, which only the last addition may round at full weight.
template <class Lanes>
SOFTPLUS_INLINE Lanes tail(const Coefficients<Lanes>& c, Lanes c1, Lanes r) {
  Lanes q = fma(r, c.c6, c.c5);
  q = fma(r, q, c.c4);
  q = fma(r, q, c.c3);
  q = fma(r, q, c.c2);
  return fma(r, c1, fma(r * r, q, c.low));
}

}  // namespace softplus
