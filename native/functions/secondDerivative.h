// The second derivative of softplus: beta u / (1 + u)^2 with u = e^-|p| and p = beta x.
//
// It is even, and f(a) = u - 2 u^2 + ... for a = -|p|. It has cells of its own, because d (1 - d) of the derivative d
// would be 0 above 17.33, where d rounds to 1. With a beta, the multiplication by beta is the last step, in binary64.
//
// Largest error with beta 1: 0.7999 ULP at -0x1.8f195p+2: got 0x1.ff3a9cp-10, want 0x1.ff3a9a6678079p-10 (npm run prove)
// Largest error found with a beta: 1.0357 ULP at beta -0x1.73aa9cp+6, x 0x1.ade966p-1: got -0x1.f8d3b2p-107, want -0x1.f8d3afedb9dd6p-107 (docs/accuracy.md)
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

  template <class Lanes>
  static SOFTPLUS_INLINE Lanes above(Lanes) {
    return 0.0f;
  }
  template <class Reduced, class LanesOrWide, class Lanes>
  static SOFTPLUS_INLINE LanesOrWide combine(const Reduced& at, LanesOrWide w, Lanes) {
    return at.timesPow2(w);
  }
};

}  // namespace softplus::functions
