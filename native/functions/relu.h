// relu(x) = max(x, 0) and its derivative, which softplus is compared with in benchmarks. Exact.
#pragma once

#include "../simd/contract.h"

namespace softplus::functions {

struct relu {
  static constexpr bool takesScaling = false;

  // Adding 0 makes -0 positive: the contract of max leaves the sign open where both operands are zeros.
  template <class Simd, bool, class Lanes = typename Simd::Lanes>
  static SOFTPLUS_INLINE Lanes at(Lanes x, float, float) {
    return max(0.0f, x + 0.0f);
  }
};

}  // namespace softplus::functions
