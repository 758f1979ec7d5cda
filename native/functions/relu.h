// relu(x) = max(x, 0) and its derivative, the yardstick softplus is measured against. Exact.
#pragma once

#include "../functions.h"

namespace softplus {

template <class Simd>
struct Relu {
  using Lanes = typename Simd::Lanes;
  static SOFTPLUS_INLINE Relu of(Options) { return {}; }
  // Adding 0 makes -0 positive, and leaves no pair of zeros whose maximum an instruction set may choose from.
  SOFTPLUS_INLINE Lanes at(Lanes x) const { return max(0.0f, x + 0.0f); }
};

template <class Simd>
struct ReluDerivative {
  using Lanes = typename Simd::Lanes;
  static SOFTPLUS_INLINE ReluDerivative of(Options) { return {}; }
  SOFTPLUS_INLINE Lanes at(Lanes x) const { return select(isNaN(x), x, select(x > 0.0f, 1.0f, 0.0f)); }
};

}  // namespace softplus
