// The second derivative of softplus: beta u / (1 + u)^2 with u = e^-|p| and p = beta x.
//
// It is even, and f(a) = u - 2 u^2 + ... for a = -|p|. It has cells of its own, because d (1 - d) of the derivative d
// would be 0 above 17.33, where d rounds to 1. With a beta, the multiplication by beta is the last step.
//
// Largest error with beta 1: 0.7999 ULP at -0x1.8f195p+2: got 0x1.ff3a9cp-10, want 0x1.ff3a9a6678079p-10 (npm run prove)
// Largest error found with a beta: 0.9543 ULP at beta -0x1.6f1ffep-2, x 0x1.e1a15ap+7: got -0x1.f2ab1p-127, want -0x1.f2ab0c2ecd84dp-127 (docs/accuracy.md)
#pragma once

#include "../evaluate.h"
#include "cells.h"

namespace softplus::functions {

struct secondDerivative : CellFunction<secondDerivative> {
  static constexpr bool takesScaling = true;
  static constexpr int powerOfBeta = 1;
  static constexpr const float (&cells)[32][8] = secondDerivativeCells;
  static constexpr float K = 2.0f;
  static constexpr bool isEven = true;
  static constexpr float ceiling = 104.5f;

  template <class Lanes>
  static SOFTPLUS_INLINE Lanes above(Lanes) {
    return 0.0f;
  }
  template <class Reduced, class Lanes>
  static SOFTPLUS_INLINE Lanes combine(const Reduced& at, Lanes w) {
    return at.timesPow2(w);
  }
};

}  // namespace softplus::functions
