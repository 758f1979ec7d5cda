// sigmoid(beta x) = 1 / (1 + e^(-beta x)), the derivative of softplus, from its values on the negative half-line:
// sigmoid(p) = 1 - sigmoid(-p).
//
// Maximum error over all 2^32 inputs, beta = 1: 0.7984 ULP at -0x1.8f7bfcp+2 (tools/prove/prove.ts).
#pragma once

#include "../functions.h"
#include "cells.h"
#include "far.h"

namespace softplus {

template <class Simd, template <class> class Argument>
struct Sigmoid {
  using Lanes = typename Simd::Lanes;
  using Rows = typename Simd::Rows;
  // e^floor rounds to 0.
  static constexpr float floor = -104.5f;
  // 1 - e^-18 rounds to 1.
  static constexpr float ceiling = 18.0f;

  typename Simd::Table table;
  Argument<Lanes> argument;

  static SOFTPLUS_INLINE Sigmoid of(Options o) {
    return {Simd::Table::template of<sigmoidCells>(), Argument<Lanes>::of(o)};
  }

  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    const auto [z, n, r] = reduceNear(argument, x);
    const auto c = rows.lookup(table, i, z);
    const Lanes w = c.c0 + tail(c, c.c1, r);
    return select(isSignClear(argument.product(x)), Lanes(1.0f) - w, w);
  }

  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    const auto far = reduceFar(argument, x, floor);
    const auto c = corrected(rows.lookup(table, i, far.z), far, 1.0f);
    const Lanes w = scale(c.c0 + tail(c, c.c1, far.r), far.e);
    return select(isNaN(x), x, select(isSignClear(argument.product(x)), Lanes(1.0f) - w, w));
  }

  SOFTPLUS_INLINE auto isSettled(Lanes x) const {
    const Lanes p = argument.product(x);
    return (p < floor) | (p > ceiling);
  }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const { return select(argument.product(x) > 0.0f, 1.0f, 0.0f); }
  SOFTPLUS_INLINE Lanes beyondThreshold(Lanes) const { return 1.0f; }
};

}  // namespace softplus
