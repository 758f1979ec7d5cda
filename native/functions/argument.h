// What a function is applied to: x itself, or beta x.
#pragma once

#include "../functions.h"

namespace softplus {

template <class Lanes>
struct Plain {
  static SOFTPLUS_INLINE Plain of(Options) { return {}; }
  // beta x rounded to float32. Its sign and its size choose the lane's way.
  SOFTPLUS_INLINE Lanes product(Lanes x) const { return x; }
  // s with what that rounding lost, -|beta x| - a, added to it; a is -|product|.
  SOFTPLUS_INLINE Lanes refine(Lanes s, Lanes, Lanes) const { return s; }
};

template <class Lanes>
struct Scaled {
  Lanes beta;
  static SOFTPLUS_INLINE Scaled of(Options o) { return {o.beta}; }
  SOFTPLUS_INLINE Lanes product(Lanes x) const { return x * beta; }
  SOFTPLUS_INLINE Lanes refine(Lanes s, Lanes x, Lanes a) const {
    return fma(withSignSet(x), withSignClear(beta), s - a);
  }
};

}  // namespace softplus
