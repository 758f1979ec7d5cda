// The derivative of softplus: 1 / (1 + e^-p) with p = beta x, the logistic sigmoid.
//
// The cells hold f(a) = u / (1 + u) for a = -|p| and u = e^a, and f(a) = u - u^2 + .... For p > 0 the derivative is
// 1 - f(a).
//
// Largest error with beta 1: 0.7984 ULP at -0x1.8f7bfcp+2: got 0x1.fd29p-10, want 0x1.fd290198c93c6p-10 (npm run prove)
// Largest error found with a beta: 0.9439 ULP at beta -0x1.d0bbd4p-5, x 0x1.b890e6p+6: got 0x1.f9ea5p-10, want 0x1.f9ea51e3462a5p-10 (docs/accuracy.md)
#pragma once

#include "../evaluate.h"
#include "cells.h"

namespace softplus::functions {

struct derivative : CellFunction<derivative> {
  static constexpr bool takesScaling = true;
  static constexpr int powerOfBeta = 0;
  static constexpr const float (&cells)[32][8] = derivativeCells;
  static constexpr float K = 1.0f;
  // 1 - e^-18 rounds to 1.
  static constexpr float ceiling = 18.0f;

  template <class Lanes>
  static SOFTPLUS_INLINE Lanes above(Lanes) {
    return 1.0f;
  }
  template <class Reduced, class Lanes>
  static SOFTPLUS_INLINE Lanes combine(const Reduced& at, Lanes sum) {
    const Lanes w = at.timesPow2(sum);
    return selectBySign(at.oriented, w, Lanes(1.0f) - w);
  }
};

}  // namespace softplus::functions
