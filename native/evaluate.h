// The evaluator of functions that have a table of cells. A description in functions/ says what differs between them.
//
// Every lane has p = beta x and a = -|p|, and is in one of three ranges:
//
// - Near, |p| < 14.75. The negative half-line is cut into cells of width 1/2 around n = 0, -1/2, ..., -15.5. In each
//   cell a polynomial of degree 6 in r = a - n gives the function's value f(a). Adding 0x1.8p22, whose unit in the last
//   place is 1/2, rounds a to the nearest n. The low five bits of that sum z are the number of the cell. n and r are
//   exact. There is no exp, no log and no division.
// - Far, everything else. There f(a) = u (1 - K u) with u = e^a, to 2^-40. A far lane is moved into other cells by e
//   multiples of ln 2: v = a - e ln 2 is in [-14.91, -14.20], and f(a) = 2^e (f(v) + K f(v)^2 (1 - 2^e)).
// - Settled, a part of far: the result is known without arithmetic.
//
// Near lanes and far lanes can share a vector. A near lane has e = 0, which makes every step of Anywhere the same as
// the step of Near.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "simd/contract.h"
#include "threshold.h"

namespace softplus {

constexpr float nearLimit = 14.75f;

// What a description inherits. It may replace each of these by its own.
template <class F>
struct CellFunction {
  // Whether f(-p) is f(p).
  static constexpr bool isEven = false;
  // Whether n is subtracted where p > 0.
  static constexpr bool isShiftedByN = false;

  // The coefficient c1 for a lane's side of zero.
  template <class Lanes>
  static SOFTPLUS_INLINE Lanes c1(Lanes c1, Lanes) {
    return c1;
  }

  // The last step where lanes may be far. Returns NaN where x is NaN: max and min have dropped it from y.
  template <bool hasBeta, class Argument, class Lanes>
  static SOFTPLUS_INLINE Lanes finish(const Argument&, Lanes x, Lanes y) {
    if constexpr (hasBeta) return select(isNaN(x), x, y);
    return withNaN(y, x);
  }

  template <bool hasBeta, class Lanes>
  static SOFTPLUS_INLINE auto isSettled(Lanes x, float lowest, float ceiling) {
    if constexpr (F::isEven)
      return withSignSet(x) < lowest;
    else
      return (x < lowest) | (x > ceiling);
  }
  // The lanes of notNear that are not settled, NaN among them.
  template <bool hasBeta, class Mask, class Lanes>
  static SOFTPLUS_INLINE Mask isFar(Mask notNear, Lanes x, float lowest, float ceiling) {
    if constexpr (F::isEven)
      return isNotBelow(notNear, withSignSet(x), lowest);
    else
      return isWithin(notNear, x, lowest, ceiling);
  }
  // `zero` has the sign of beta if results are multiples of beta or 1 / beta.
  template <bool hasBeta, class Lanes>
  static SOFTPLUS_INLINE Lanes settled(Lanes x, Lanes p, Lanes zero) {
    return F::isEven ? zero : select(p > 0.0f, F::above(x), zero);
  }
  // y, the results of near lanes, with those of settled lanes. Far lanes are arbitrary.
  template <bool hasBeta, class Mask, class Lanes>
  static SOFTPLUS_INLINE Lanes withSettled(Mask notNear, Lanes x, Lanes p, Lanes zero, Lanes y) {
    return select(notNear, F::template settled<hasBeta>(x, p, zero), y);
  }
};

// What beta can be. `moderate` ones multiply or divide the result in two floats each, all others in binary64: a part of
// beta or of 1 / beta could be subnormal, and limits divided by |beta| infinite.
enum class Beta { one, moderate, rare };

constexpr bool isModerate(float beta) {
  const float size = beta < 0.0f ? -beta : beta;
  return size >= 0x1p-64f && size <= 0x1p64f;
}

// beta is 1: p is x.
template <class F, class Lanes>
struct Plain {
  // |x| of near lanes is below `limit`. Results are settled below `lowest` and above `ceiling`. Results are 0 from
  // -104.5 on: e^-104.5 is below 2^-150, half of the smallest float.
  static constexpr float limit = nearLimit, lowest = -104.5f, ceiling = F::ceiling;
  static constexpr bool isRounded = false;

  static SOFTPLUS_INLINE Plain of(float) { return {}; }
  // x with the sign of p.
  SOFTPLUS_INLINE Lanes oriented(Lanes x) const { return x; }
  // -|x|. Where p would be 0 or closer to 0 than about 2^-60 it becomes -2^-60, which does not change any result.
  // Products of smaller numbers would be subnormal, and Intel's processors trap into microcode for each, which took 20
  // to 48 times as long.
  SOFTPLUS_INLINE Lanes negative(Lanes x) const { return withSignSet(x, 0x1p-60f); }
  // a beta, rounded to float32.
  SOFTPLUS_INLINE Lanes times(Lanes a) const { return a; }
  // -|p| + c and -|p| - c, rounded once, for a = negative(x).
  SOFTPLUS_INLINE Lanes plus(Lanes a, Lanes c) const { return a + c; }
  SOFTPLUS_INLINE Lanes minus(Lanes a, Lanes c) const { return a - c; }
};

// What results are multiplied by, for functions that are scaled.
template <class F>
constexpr double factorOf(float beta) {
  return F::powerOfBeta < 0 ? 1.0 / static_cast<double>(beta) : static_cast<double>(beta);
}

template <class F, class Lanes, Beta beta>
struct WithBeta {
  static constexpr bool isRounded = true;

  // As those of Plain, divided by |beta|. All backends must round `limit` alike: softplus(x) is x from there on.
  float limit, lowest, ceiling;
  float least;
  Lanes size, sign;

  static SOFTPLUS_INLINE WithBeta of(float any) {
    constexpr float largest = std::numeric_limits<float>::max();
    const float size = any < 0.0f ? -any : any;
    const float lowest = floorOf(size) / size, ceiling = F::ceiling / size;
    // Infinities are below `lowest` and above `ceiling`, however small beta is.
    return {nearLimit / size,
            lowest < -largest ? -largest : lowest,
            ceiling > largest ? largest : ceiling,
            0x1p-60f / size,
            size,
            any < 0.0f ? -0.0f : 0.0f};
  }
  // Where p is lower, e^p times the factor, beta or 1 / beta, is below 2^-150, and rounds to 0. A factor below 2^k
  // lowers the limit by k ln 2.
  static SOFTPLUS_INLINE float floorOf(float size) {
    if constexpr (F::powerOfBeta == 0) return -104.5f;
    const double factor = factorOf<F>(size);
    int64_t bits;
    std::memcpy(&bits, &factor, sizeof bits);
    const auto k = static_cast<float>((bits >> 52) - 1022);
    return k > 0.0f ? -104.5f - 0.6932f * k : -104.5f;
  }
  SOFTPLUS_INLINE Lanes oriented(Lanes x) const { return timesSign(x, sign); }
  SOFTPLUS_INLINE Lanes times(Lanes a) const { return a * size; }
  SOFTPLUS_INLINE Lanes negative(Lanes x) const { return withSignSet(x, least); }
  SOFTPLUS_INLINE Lanes plus(Lanes a, Lanes c) const { return fma(a, size, c); }
  SOFTPLUS_INLINE Lanes minus(Lanes a, Lanes c) const { return fms(a, size, c); }
};

constexpr float halves = 0x1.8p22f;

template <class Lanes>
struct Near {
  static constexpr bool mayBeFar = false;
  Lanes z, n, r;
  Lanes oriented;  // x with the sign of p

  template <class Argument>
  static SOFTPLUS_INLINE Near of(const Argument& argument, Lanes x) {
    const Lanes a = argument.negative(x);
    const Lanes z = argument.plus(a, halves);
    const Lanes n = z - halves;
    return {z, n, argument.minus(a, n), argument.oriented(x)};
  }
  SOFTPLUS_INLINE const Coefficients<Lanes>& corrected(const Coefficients<Lanes>& c, float) const { return c; }
  template <class LanesOrWide>
  SOFTPLUS_INLINE LanesOrWide timesPow2(LanesOrWide w) const {
    return w;
  }
};

constexpr float wholes = 0x1.8p23f;
constexpr float log2e = 0x1.715476p0f;
// ln 2 in two parts. The first has 15 bits, so its product with an e of 9 bits is exact.
constexpr float ln2High = 0x1.62e4p-1f;
constexpr float ln2Low = 0x1.7f7d1cp-20f;
// 21 ln 2 = 14.556 is the middle of the range that far lanes are moved to. Results just below a power of two, where an
// ulp is smallest, are then near the middle of a cell. e is 0 up to 21.5 ln 2 = 14.903.
constexpr float octaves = 21.0f;

template <class Lanes>
struct Anywhere {
  static constexpr bool mayBeFar = true;
  Lanes z, n, r, e;
  Lanes lost;      // what the rounding of r lost
  Lanes oriented;  // x with the sign of p

  // Below `lowest` the result is the same as there. Where p is rounded, lanes that are not moved take their cell and r
  // from the product as it is, like near lanes.
  template <class Argument>
  static SOFTPLUS_INLINE Anywhere of(const Argument& argument, Lanes x) {
    const Lanes a = max(argument.lowest, argument.negative(x));
    const Lanes rounded = argument.times(a);
    const Lanes e = min(0.0f, fma(rounded, log2e, wholes) - (wholes - octaves));
    const Lanes v = fma(e, -ln2High, rounded);
    Lanes z = v + halves;
    if constexpr (Argument::isRounded) z = select(e < 0.0f, z, argument.plus(a, halves));
    const Lanes n = z - halves;
    Lanes s = v - n;
    if constexpr (Argument::isRounded) s = argument.minus(a, fma(e, ln2High, n));
    const Lanes r = fma(e, -ln2Low, s);
    return {z, n, r, e, fma(e, -ln2Low, s - r), argument.oriented(x)};
  }
  // Adds what r lost, and K f(v)^2 (1 - 2^e), to the low part of c0. Three terms of f(v) suffice, so the square does
  // not wait for the rest of the polynomial. floorOf() keeps e above -300.
  SOFTPLUS_INLINE Coefficients<Lanes> corrected(Coefficients<Lanes> c, float K) const {
    const Lanes w = fma(r * r, c.c2, fma(r, c.c1, c.c0));
    c.low = c.low + fma(c.c1, lost, w * w * fma(pow2(e), -K, K));
    return c;
  }
  SOFTPLUS_INLINE Lanes timesPow2(Lanes w) const { return scale(w, e); }
  template <class Wide>
  SOFTPLUS_INLINE Wide timesPow2(Wide w) const {
    return w * widePow2(widen(e));
  }
};

// The terms of the polynomial that are much smaller than its value: low + c2 r^2 + ... + c6 r^6.
template <class Lanes>
SOFTPLUS_INLINE Lanes smallTerms(const Coefficients<Lanes>& c, Lanes r) {
  Lanes q = fma(r, c.c6, c.c5);
  q = fma(r, q, c.c4);
  q = fma(r, q, c.c3);
  q = fma(r, q, c.c2);
  return fma(r * r, q, c.low);
}

// The function that F describes, over one vector: for beta 1 or another beta, with or without a threshold. Lanes that
// are not near look at the threshold of another beta in any case: it costs little there.
template <class F, class Simd, Beta beta, bool isThresholded>
struct Evaluation {
  using Lanes = typename Simd::Lanes;
  using RowOffsets = typename Simd::RowOffsets;
  using HeldTable = typename Simd::HeldTable;
  using FarRows = typename Simd::FarRows;
  using Argument = std::conditional_t<beta == Beta::one, Plain<F, Lanes>, WithBeta<F, Lanes, beta>>;
  static constexpr bool hasBeta = beta != Beta::one;
  static constexpr bool isScaled = hasBeta && F::powerOfBeta != 0;
  // Whether near and settled lanes look at the threshold. Far lanes with a beta always do.
  static constexpr bool isCut = isThresholded;
  // Whether only betas that hardly anyone uses come here.
  static constexpr bool isRare = beta == Beta::rare;

  typename Simd::Table table;
  Argument argument;
  double betaFactor;         // beta or 1 / beta
  float factor, factorRest;  // the same in two parts
  float cutAbove;            // the threshold, as a limit of x oriented as p

  static SOFTPLUS_INLINE Evaluation of(float any, float threshold) {
    const double betaFactor = factorOf<F>(any);
    // A rare one may be larger than a float.
    const float factor = isRare ? 0.0f : static_cast<float>(betaFactor);
    const float factorRest = static_cast<float>(betaFactor - static_cast<double>(factor));
    return {Simd::Table::template of<F::cells>(), Argument::of(any), betaFactor, factor, factorRest,
            largestWithin<Lanes>(threshold, any)};
  }

  SOFTPLUS_INLINE auto isNear(Lanes x) const { return withSignSet(x) > -argument.limit; }
  SOFTPLUS_INLINE auto isNotNear(Lanes x) const { return isNotAbove(withSignSet(x), -argument.limit); }
  // The lanes of `notNear` that need arithmetic.
  template <class Mask>
  SOFTPLUS_INLINE Mask isFar(Mask notNear, Lanes x) const {
    return F::template isFar<hasBeta>(notNear, argument.oriented(x), argument.lowest, argument.ceiling);
  }
  SOFTPLUS_INLINE bool areNear(Lanes x, Lanes other) const { return areBelow(x, other, argument.limit); }
  SOFTPLUS_INLINE auto isSettled(Lanes x) const {
    return F::template isSettled<hasBeta>(argument.oriented(x), argument.lowest, argument.ceiling);
  }

  SOFTPLUS_INLINE Near<Lanes> reduceNear(Lanes x) const { return Near<Lanes>::of(argument, x); }
  SOFTPLUS_INLINE Anywhere<Lanes> reduceAnywhere(Lanes x) const { return Anywhere<Lanes>::of(argument, x); }

  // Rows is RowOffsets or HeldTable.
  template <class Rows>
  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    return near(reduceNear(x), rows, i, x);
  }
  // For two functions that share the reduction.
  template <class Rows>
  SOFTPLUS_INLINE Lanes near(const Near<Lanes>& at, const Rows& rows, size_t i, Lanes x) const {
    return cut<isCut>(x, evaluate(at, rows, i));
  }
  template <class Rows>
  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    Lanes y = F::template finish<hasBeta>(argument, x, evaluate(reduceAnywhere(x), rows, i));
    if constexpr (isRare) y = select(isSettled(x), settledValue(x), y);
    return cut<(isThresholded || hasBeta)>(x, y);
  }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const { return cut<isCut>(x, settledValue(x)); }
  // Near and settled lanes. Far lanes are arbitrary.
  template <class Mask>
  SOFTPLUS_INLINE Lanes nearOrSettled(Mask notNear, const RowOffsets& rows, size_t i, Lanes x) const {
    const Lanes y = evaluate(reduceNear(x), rows, i);
    return cut<isCut>(x, F::template withSettled<hasBeta>(notNear, x, argument.oriented(x), zero(), y));
  }

 private:
  SOFTPLUS_INLINE Lanes zero() const {
    if constexpr (isScaled) return argument.sign;
    return 0.0f;
  }
  template <class Reduced, class Rows>
  SOFTPLUS_INLINE Lanes evaluate(const Reduced& at, const Rows& rows, size_t i) const {
    const Lanes p = at.oriented;  // its sign alone counts
    auto c = at.corrected(rows.lookup(table, i, at.z), F::K);
    if constexpr (!isScaled) {
      // Only the addition of c0 rounds at the size of the result, so it is last.
      return F::combine(at, c.c0 + fma(at.r, F::c1(c.c1, p), smallTerms(c, at.r)));
    } else {
      // r was rounded already, and the factor is still to come. So the other steps keep what they lose: the value is
      // w + d, where d has what w lost. Subtracting n is exact.
      const Lanes c1 = F::c1(c.c1, p);
      const Lanes w = fma(at.r, c1, F::isShiftedByN ? subtractIfPositive(c.c0, p, at.n) : c.c0);
      const Lanes rest = c.c0 - (F::isShiftedByN ? addIfPositive(w, p, at.n) : w);
      const Lanes d = fma(at.r, c1, rest) + smallTerms(c, at.r);
      if constexpr (isRare) {
        return narrow(at.timesPow2(widen(w) + widen(d)) * typename Simd::Wide(betaFactor));
      } else {
        Lanes small = d * factor;
        if constexpr (F::powerOfBeta < 0) small = fma(w, factorRest, small);
        const Lanes y = fma(w, factor, small);
        return Reduced::mayBeFar ? timesSign(at.timesPow2(withSignClear(y)), argument.sign) : y;
      }
    }
  }
  SOFTPLUS_INLINE Lanes settledValue(Lanes x) const {
    return F::template settled<hasBeta>(x, argument.oriented(x), zero());
  }
  template <bool isNeeded>
  SOFTPLUS_INLINE Lanes cut(Lanes x, Lanes y) const {
    if constexpr (isNeeded) y = select(argument.oriented(x) > cutAbove, F::above(x), y);
    return y;
  }
};

}  // namespace softplus
