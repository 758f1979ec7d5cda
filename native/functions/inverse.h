// ln(e^(beta y) - 1) / beta, the inverse of softplus, in binary64 without fma: the same bits in TypeScript by
// construction. Maximum error over all 2^32 inputs, beta = 1: 0.5000 ULP at 0x1.1207eap-1, the one result that is not
// correctly rounded (tools/prove/prove.ts). With any other beta: docs/accuracy.md.
//
// t = beta y = n ln 2 + r; e^t - 1 = m = 2^n p + (2^n - 1) with p = e^r - 1 by Taylor's series, which cancels nothing;
// m = 2^k c with c around 1; ln m = k ln 2 + 2 atanh((c - 1) / (c + 1)), small where m is near 1.
//
// For m near 1 the result is about 2 (t - ln 2), so t - ln 2 must be accurate. With beta 1 t has 24 bits and is at
// least 2^-29 from ln 2, and c - 1 is accurate enough. With a beta t has 48 bits and can be 2^-49 from ln 2. There k is
// 0 and n is 1, so m - 1 = 2^n p, which is taken instead of c - 1, because computing m rounds it. r is accurate there:
// t minus the first part of ln 2 is exact, and the second part carries ln 2 to 2^-87.
#pragma once

#include <limits>

#include "../functions.h"

namespace softplus {

template <class Simd, bool hasBeta>
struct Inverse {
  using Lanes = typename Simd::Lanes;
  using Wide = typename Simd::Wide;
  // From here on ln(1 - e^-t), what is left to add to t, is below 2^-29 t.
  static constexpr float identical = 17.5f;

  float beta, threshold;

  static SOFTPLUS_INLINE Inverse of(Options o) { return {o.beta, o.threshold}; }

  // e^t - 1 as m, and 2^n p, which is m - 1 where n is 1.
  struct Expm1 {
    Wide m, powerTimesP;
  };
  static SOFTPLUS_INLINE Expm1 expm1(Wide t) {
    constexpr double round = 0x1.8p52;  // adding it rounds to a whole number
    const Wide n = t * 0x1.71547652b82fep0 + round - round;
    const Wide r = t - n * 0x1.62e42feep-1 - n * 0x1.a39ef35793c76p-33;
    // Even and odd powers side by side: each is half as long to wait for.
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
    const Wide powerTimesP = power * (r + s * (even + r * odd));
    return {powerTimesP + (power - 1.0), powerTimesP};
  }

  static SOFTPLUS_INLINE Wide log(const Expm1& e) {
    const auto [k, c] = splitExponent(e.m);
    Wide aboveOne = c - 1.0;
    if constexpr (hasBeta) aboveOne = selectWhereZero(k, e.powerTimesP, aboveOne);
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

  SOFTPLUS_INLINE Lanes at(Lanes y) const {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const Lanes p = y * Lanes(beta);
    // y with the sign of beta y, which may round to 0.
    const Lanes s = y * Lanes(beta < 0 ? -1.0f : 1.0f);
    const Wide b = static_cast<double>(beta);
    const Lanes x = narrow(log(expm1(widen(y) * b)) * Wide(1.0 / beta));
    const Lanes atZero = Lanes(beta < 0 ? infinity : -infinity) + y;
    const Lanes inverse = select(s > 0.0f, x, select(s < 0.0f, std::numeric_limits<float>::quiet_NaN(), atZero));
    return select(p > (threshold < identical ? threshold : identical), y, inverse);
  }
};

}  // namespace softplus
