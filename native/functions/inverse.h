// The inverse of softplus: ln(e^t - 1) / beta with t = beta y, in binary64.
//
// t = n ln 2 + r, and e^t - 1 = m = 2^n q + (2^n - 1) with q = e^r - 1 by Taylor's series, so nothing cancels.
// m = 2^k c with c around 1, and ln m = k ln 2 + 2 atanh((c - 1) / (c + 1)), which is small where m is near 1.
// There is no fma: TypeScript has none, and so computes the same bits without emulating it.
//
// For m near 1 the result is about 2 (t - ln 2), so t - ln 2 must be precise. With beta 1, t has 24 bits and is at
// least 2^-29 from ln 2, and c - 1 is precise enough. With a beta, t has 48 bits and can be 2^-49 from ln 2. There k is
// 0 and n is 1, so m - 1 = 2^n q. That is used instead of c - 1, because the sum m was rounded. r is precise there: t
// minus the first part of ln 2 is exact, and the second part extends ln 2 to 2^-87.
//
// Largest error with beta 1: 0.5000 ULP at 0x1.1207eap-1: got -0x1.61dc96p-2, want -0x1.61dc970000079p-2 (npm run prove)
// Largest error found with a beta: 0.5000 ULP at beta 0x1.58327ap+2, x 0x1.fde7e8p-3: got 0x1.8a2906p-3, want 0x1.8a2907000003p-3 (docs/accuracy.md)
#pragma once

#include <limits>

#include "../simd/contract.h"

namespace softplus::functions {

struct inverse {
  static constexpr bool takesScaling = true;

  // e^t - 1 as m, and 2^n q, which is m - 1 where n is 1.
  template <class Wide>
  struct Expm1 {
    Wide m, powerTimesQ;
  };
  template <class Wide>
  static SOFTPLUS_INLINE Expm1<Wide> expm1(Wide t) {
    constexpr double round = 0x1.8p52;  // adding it rounds to a whole number
    const Wide n = t * 0x1.71547652b82fep0 + round - round;
    const Wide r = t - n * 0x1.62e42feep-1 - n * 0x1.a39ef35793c76p-33;
    // Two shorter chains, of even and of odd powers, run side by side.
    const Wide s = r * r;
    Wide even = 1.0 / 479001600, odd = 1.0 / 39916800;
    even = even * s + 1.0 / 3628800;
    odd = odd * s + 1.0 / 362880;
    even = even * s + 1.0 / 40320;
    odd = odd * s + 1.0 / 5040;
    even = even * s + 1.0 / 720;
    odd = odd * s + 1.0 / 120;
    even = even * s + 1.0 / 24;
    odd = odd * s + 1.0 / 6;
    even = even * s + 1.0 / 2;
    const Wide power = widePow2(n);
    const Wide powerTimesQ = power * (r + s * (even + r * odd));
    return {powerTimesQ + (power - 1.0), powerTimesQ};
  }

  template <bool hasBeta, class Wide>
  static SOFTPLUS_INLINE Wide log(const Expm1<Wide>& e) {
    const auto [k, c] = splitExponent(e.m);
    Wide aboveOne = c - 1.0;
    if constexpr (hasBeta) aboveOne = selectWhereZero(k, e.powerTimesQ, aboveOne);
    const Wide q = aboveOne / (c + 1.0);
    const Wide s = q * q;
    const Wide t = s * s;
    Wide even = 1.0 / 15, odd = 1.0 / 13;
    even = even * t + 1.0 / 11;
    odd = odd * t + 1.0 / 9;
    even = even * t + 1.0 / 7;
    odd = odd * t + 1.0 / 5;
    even = even * t + 1.0 / 3;
    return k * 0x1.62e42fefa39efp-1 + 2.0 * (q + q * s * (even + s * odd));
  }

  // The result rounds to y above it: what would be added to t, ln(1 - e^-t), is below 2^-29 t.
  static constexpr float ceiling = 17.5f;

  template <class Simd, bool hasBeta, class Lanes = typename Simd::Lanes>
  static SOFTPLUS_INLINE Lanes at(Lanes y, float beta, float cutAbove) {
    using Wide = typename Simd::Wide;
    constexpr float infinity = std::numeric_limits<float>::infinity();
    // y with the sign of beta y.
    const Lanes s = timesSign(y, beta < 0 ? -0.0f : 0.0f);
    const Wide b = static_cast<double>(beta);
    const Lanes x = narrow(log<hasBeta>(expm1(widen(y) * b)) * Wide(1.0 / static_cast<double>(beta)));
    const Lanes atZero = Lanes(beta < 0 ? infinity : -infinity) + y;
    const Lanes result = select(s > 0.0f, x, select(s < 0.0f, std::numeric_limits<float>::quiet_NaN(), atZero));
    return select(s > cutAbove, y, result);
  }
};

}  // namespace softplus::functions
