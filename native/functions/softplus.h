// softplus(x) = ln(1 + e^p) / beta with p = beta x.
//
// The cells hold f(a) = ln(1 + e^a) for a = -|p|, and f(a) = u - u^2 / 2 + ... with u = e^a. For p > 0,
// p = -a = -n - r. So ln(1 + e^p) = p + f(a) = f(a) - n - r: c1 becomes c1 - 1, which subtracts r, and n is subtracted
// last. With a beta, n is subtracted first, and the division by beta is the last step.
//
// Largest error with beta 1: 0.8013 ULP at -0x1.8f9df2p+2: got 0x1.fc99dcp-10, want 0x1.fc99da65bc48ep-10 (npm run prove)
// Largest error found with a beta: 0.9376 ULP at beta -0x1.6bccbap+7, x 0x1.ce9eccp-2: got -0x1.e95f98p-127, want -0x1.e95f943fda52p-127 (docs/accuracy.md)
#pragma once

#include "../evaluate.h"
#include "cells.h"

namespace softplus::functions {

struct softplus : CellFunction<softplus> {
  static constexpr bool takesScaling = true;
  static constexpr int powerOfBeta = -1;
  static constexpr const float (&cells)[32][8] = softplusCells;
  static constexpr float K = 0.5f;
  static constexpr bool isShiftedByN = true;
  // softplus(x) rounds to x above it, for every beta.
  static constexpr float ceiling = nearLimit;

  template <class Lanes>
  static SOFTPLUS_INLINE Lanes above(Lanes x) {
    return x;
  }
  template <class Lanes>
  static SOFTPLUS_INLINE Lanes c1(Lanes c1, Lanes p) {
    return subtractIfPositive(c1, p, 1.0f);
  }
  template <class Reduced, class Lanes>
  static SOFTPLUS_INLINE Lanes combine(const Reduced& at, Lanes w) {
    if constexpr (Reduced::mayBeFar) return selectBySign(at.oriented, at.timesPow2(w), w - at.n);
    return subtractIfPositive(w, at.oriented, at.n);
  }
  template <bool hasBeta, class Lanes>
  static SOFTPLUS_INLINE Lanes settled(Lanes x, Lanes p, Lanes zero) {
    if constexpr (hasBeta) return CellFunction::settled<hasBeta>(x, p, zero);
    return max(0.0f, x);
  }
  // With beta 1, max gives x where x is above the ceiling or NaN: no result is below x.
  template <bool hasBeta, class Mask, class Lanes>
  static SOFTPLUS_INLINE Lanes withSettled(Mask notNear, Lanes x, Lanes p, Lanes zero, Lanes y) {
    if constexpr (hasBeta) return CellFunction::withSettled<hasBeta>(notNear, x, p, zero, y);
    return max(zeroWhere(notNear, y), x);
  }
  // So is NaN, which max gives back, and -104.5, where the arithmetic gives 0, too.
  template <bool hasBeta, class Lanes>
  static SOFTPLUS_INLINE auto isSettled(Lanes x, float lowest, float highest) {
    if constexpr (hasBeta)
      return CellFunction::isSettled<hasBeta>(x, lowest, highest);
    else
      return isNotAbove(x, lowest) | (x > highest);
  }
  template <bool hasBeta, class Mask, class Lanes>
  static SOFTPLUS_INLINE Mask isFar(Mask notNear, Lanes x, float lowest, float highest) {
    if constexpr (hasBeta) return CellFunction::isFar<hasBeta>(notNear, x, lowest, highest);
    return isBetween(x, lowest, -nearLimit);
  }
  template <bool hasBeta, class Argument, class Lanes>
  static SOFTPLUS_INLINE Lanes finish(const Argument& argument, Lanes x, Lanes y) {
    // NaN is not below the limit either.
    if constexpr (hasBeta) return select(argument.oriented(x) < argument.limit, y, x);
    return max(y, x);
  }
};

}  // namespace softplus::functions
