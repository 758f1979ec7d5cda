// beta u / (1 + u)^2 with u = e^-|beta x|, the second derivative of softplus. It is even, and comes from a table of its
// own: s (1 - s) would lose everything above 16.6, where s rounds to 1.
//
// Maximum error over all 2^32 inputs, beta = 1: 0.7999 ULP at -0x1.8f195p+2 (tools/prove/prove.ts).
#pragma once

#include "../functions.h"
#include "cells.h"
#include "far.h"

namespace softplus {

template <class Simd>
struct SecondDerivative {
  using Lanes = typename Simd::Lanes;
  using Rows = typename Simd::Rows;
  // e^floor rounds to 0.
  static constexpr float floor = -104.5f;

  typename Simd::Table table;
  Plain<Lanes> argument;

  static SOFTPLUS_INLINE SecondDerivative of(Options) {
    return {Simd::Table::template of<secondDerivativeCells>(), {}};
  }

  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    const auto [z, n, r] = reduceNear(argument, x);
    const auto c = rows.lookup(table, i, z);
    return c.c0 + tail(c, c.c1, r);
  }

  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    const auto far = reduceFar(argument, x, floor);
    const auto c = corrected(rows.lookup(table, i, far.z), far, 2.0f);
    return select(isNaN(x), x, scale(c.c0 + tail(c, c.c1, far.r), far.e));
  }

  SOFTPLUS_INLINE auto isSettled(Lanes x) const { return withSignSet(x) < floor; }
  SOFTPLUS_INLINE Lanes settled(Lanes) const { return 0.0f; }
  SOFTPLUS_INLINE Lanes beyondThreshold(Lanes) const { return 0.0f; }
};

// With a beta the last steps are in binary64: the sum, 2^e and beta are rounded to float32 once, together.
template <class Simd>
struct ScaledSecondDerivative {
  using Lanes = typename Simd::Lanes;
  using Rows = typename Simd::Rows;
  using Wide = typename Simd::Wide;
  // beta e^floor rounds to 0 for the largest beta.
  static constexpr float floor = -350.0f;

  typename Simd::Table table;
  Scaled<Lanes> argument;

  static SOFTPLUS_INLINE ScaledSecondDerivative of(Options o) {
    return {Simd::Table::template of<secondDerivativeCells>(), {o.beta}};
  }

  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    const auto [z, n, r] = reduceNear(argument, x);
    const auto c = rows.lookup(table, i, z);
    return narrow((widen(c.c0) + widen(tail(c, c.c1, r))) * widen(argument.beta));
  }

  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    const auto far = reduceFar(argument, x, floor);
    const auto c = corrected(rows.lookup(table, i, far.z), far, 2.0f);
    const Wide w = (widen(c.c0) + widen(tail(c, c.c1, far.r))) * widePow2(widen(far.e));
    return select(isNaN(x), x, narrow(w * widen(argument.beta)));
  }

  SOFTPLUS_INLINE auto isSettled(Lanes x) const { return withSignSet(argument.product(x)) < floor; }
  SOFTPLUS_INLINE Lanes settled(Lanes) const { return argument.beta * Lanes(0.0f); }
  SOFTPLUS_INLINE Lanes beyondThreshold(Lanes) const { return 0.0f; }
};

}  // namespace softplus
