// The derivative of relu: 1 where x > 0, else 0. Exact.
#pragma once

#include "../simd/contract.h"

namespace softplus::functions {

struct reluDerivative {
  static constexpr bool takesScaling = false;

  template <class Simd, bool, class Lanes = typename Simd::Lanes>
  static SOFTPLUS_INLINE Lanes at(Lanes x, float, float) {
    return select(isNaN(x), x, select(x > 0.0f, 1.0f, 0.0f));
  }
};

}  // namespace softplus::functions
