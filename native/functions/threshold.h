// A function with a threshold: where beta x, rounded to float32, is above it, softplus is x and its derivative 1.
#pragma once

#include "../functions.h"

namespace softplus {

template <class Function>
struct Thresholded : Function {
  using Lanes = typename Function::Lanes;
  using Rows = typename Function::Rows;
  float threshold;

  static SOFTPLUS_INLINE Thresholded of(Options o) { return {Function::of(o), o.threshold}; }

  SOFTPLUS_INLINE Lanes cut(Lanes x, Lanes y) const {
    return select(Function::argument.product(x) > threshold, Function::beyondThreshold(x), y);
  }
  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const { return cut(x, Function::near(rows, i, x)); }
  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    return cut(x, Function::anywhere(rows, i, x));
  }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const { return cut(x, Function::settled(x)); }
};

}  // namespace softplus
