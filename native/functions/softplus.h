// softplus(x) = ln(1 + e^(beta x)) / beta, from its values on the negative half-line: ln(1 + e^p) = p + ln(1 + e^-p).
//
// Maximum error over all 2^32 inputs, beta = 1: 0.8013 ULP at -0x1.8f9df2p+2 (tools/prove/prove.ts).
#pragma once

#include "../functions.h"
#include "cells.h"
#include "far.h"

namespace softplus {

template <class Simd>
struct Softplus {
  using Lanes = typename Simd::Lanes;
  using Rows = typename Simd::Rows;
  // e^floor rounds to 0.
  static constexpr float floor = -104.5f;

  typename Simd::Table table;
  Plain<Lanes> argument;

  static SOFTPLUS_INLINE Softplus of(Options) { return {Simd::Table::template of<softplusCells>(), {}}; }

  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    const auto [z, n, r] = reduceNear(argument, x);
    const auto c = rows.lookup(table, i, z);
    const auto positive = isSignClear(x);
    const Lanes w = c.c0 + tail(c, subtractWhere(positive, c.c1, 1.0f), r);
    return subtractWhere(positive, w, n);
  }

  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    const auto far = reduceFar(argument, x, floor);
    const auto c = corrected(rows.lookup(table, i, far.z), far, 0.5f);
    const auto positive = isSignClear(x);
    const Lanes w = c.c0 + tail(c, subtractWhere(positive, c.c1, 1.0f), far.r);
    return select(x < nearLimit, select(positive, w - far.n, scale(w, far.e)), x);
  }

  SOFTPLUS_INLINE auto isSettled(Lanes x) const { return (x < floor) | (x > nearLimit); }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const { return select(x > 0.0f, x, 0.0f); }
  SOFTPLUS_INLINE Lanes beyondThreshold(Lanes x) const { return x; }
};

// With a beta the last steps are in binary64: the sum, 2^e and 1 / beta are rounded to float32 once, together.
template <class Simd>
struct ScaledSoftplus {
  using Lanes = typename Simd::Lanes;
  using Rows = typename Simd::Rows;
  using Wide = typename Simd::Wide;
  // e^floor / beta rounds to 0 for the smallest beta, 2^-149.
  static constexpr float floor = -350.0f;

  typename Simd::Table table;
  Scaled<Lanes> argument;
  double perBeta;

  static SOFTPLUS_INLINE ScaledSoftplus of(Options o) {
    return {Simd::Table::template of<softplusCells>(), {o.beta}, 1.0 / o.beta};
  }

  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    const auto [z, n, r] = reduceNear(argument, x);
    const auto c = rows.lookup(table, i, z);
    const auto positive = isSignClear(argument.product(x));
    const Lanes l = tail(c, subtractWhere(positive, c.c1, 1.0f), r);
    return narrow((widen(c.c0) + widen(l) - widen(select(positive, n, 0.0f))) * Wide(perBeta));
  }

  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    const auto far = reduceFar(argument, x, floor);
    const auto c = corrected(rows.lookup(table, i, far.z), far, 0.5f);
    const Lanes p = argument.product(x);
    const auto positive = isSignClear(p);
    const Lanes l = tail(c, subtractWhere(positive, c.c1, 1.0f), far.r);
    const Wide w = (widen(c.c0) + widen(l)) * widePow2(widen(far.e));
    const Lanes y = narrow((w - widen(select(positive, far.n, 0.0f))) * Wide(perBeta));
    return select(p < nearLimit, y, x);
  }

  SOFTPLUS_INLINE auto isSettled(Lanes x) const {
    const Lanes p = argument.product(x);
    return (p < floor) | (p > nearLimit);
  }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const {
    const Lanes zero = argument.beta * Lanes(0.0f);
    return select(argument.product(x) > 0.0f, x, zero);
  }
  SOFTPLUS_INLINE Lanes beyondThreshold(Lanes x) const { return x; }
};

}  // namespace softplus
