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
#include <type_traits>

#include "simd/contract.h"

namespace softplus {

constexpr float nearLimit = 14.75f;

// What a description inherits. It may replace each of these by its own.
template <class F>
struct CellFunction {
  // Whether f(-p) is f(p).
  static constexpr bool isEven = false;

  // The coefficient c1 for a lane's side of zero.
  template <class Lanes>
  static SOFTPLUS_INLINE Lanes c1(Lanes c1, Lanes) {
    return c1;
  }

  // The last step where lanes may be far. Returns NaN where x is NaN: max and min have dropped it from y.
  template <bool hasBeta, class Lanes>
  static SOFTPLUS_INLINE Lanes finish(Lanes x, Lanes, Lanes y) {
    if constexpr (hasBeta) return select(isNaN(x), x, y);
    return withNaN(y, x);
  }

  template <class Lanes>
  static SOFTPLUS_INLINE auto isSettled(Lanes p, float floor) {
    if constexpr (F::isEven)
      return withSignSet(p) < floor;
    else
      return (p < floor) | (p > F::ceiling);
  }
  // The lanes of notNear that are not settled, NaN among them.
  template <bool hasBeta, class Mask, class Lanes>
  static SOFTPLUS_INLINE Mask isFar(Mask notNear, Lanes p, float floor) {
    if constexpr (F::isEven)
      return isWithin(notNear, withSignSet(p), floor, 0.0f);
    else
      return isWithin(notNear, p, floor, F::ceiling);
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

// beta is 1: p is x.
template <class Lanes>
struct Plain {
  static SOFTPLUS_INLINE Plain of(float) { return {}; }
  // p rounded to float32. Its sign and its size choose the lane's range.
  SOFTPLUS_INLINE Lanes product(Lanes x) const { return x; }
  // a = -|p|. An a of 0 or above -2^-60 becomes -2^-60, which does not change any result. Products of smaller numbers
  // would be subnormal, and Intel's processors trap into microcode for each, which took 20 to 48 times as long.
  SOFTPLUS_INLINE Lanes negative(Lanes x) const { return withSignSet(x, 0x1p-60f); }
  // Adds to s what rounding p to float32 lost: -|beta x| - a, where a is -|product|.
  SOFTPLUS_INLINE Lanes refine(Lanes s, Lanes, Lanes) const { return s; }
};

// Any beta.
template <class Lanes>
struct WithBeta {
  Lanes beta;
  static SOFTPLUS_INLINE WithBeta of(float beta) { return {beta}; }
  SOFTPLUS_INLINE Lanes product(Lanes x) const { return x * beta; }
  SOFTPLUS_INLINE Lanes negative(Lanes x) const { return withSignSet(product(x)); }
  SOFTPLUS_INLINE Lanes refine(Lanes s, Lanes x, Lanes a) const {
    return fma(withSignSet(x), withSignClear(beta), s - a);
  }
};

constexpr float halves = 0x1.8p22f;

template <class Lanes>
struct Near {
  static constexpr bool mayBeFar = false;
  Lanes z, n, r;

  template <class Argument>
  static SOFTPLUS_INLINE Near of(const Argument& argument, Lanes x, float) {
    const Lanes a = argument.negative(x);
    const Lanes z = a + halves;
    const Lanes n = z - halves;
    return {z, n, argument.refine(a - n, x, a)};
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
  Lanes lost;  // what the rounding of r lost

  // Below the floor the result is the same as at the floor.
  template <class Argument>
  static SOFTPLUS_INLINE Anywhere of(const Argument& argument, Lanes x, float floor) {
    const Lanes a = max(floor, argument.negative(x));
    const Lanes e = min(0.0f, fma(a, log2e, wholes) - (wholes - octaves));
    const Lanes v = fma(e, -ln2High, a);
    const Lanes z = v + halves;
    const Lanes n = z - halves;
    const Lanes s = select(a > floor, argument.refine(v - n, x, a), v - n);
    const Lanes r = fma(e, -ln2Low, s);
    return {z, n, r, e, fma(e, -ln2Low, s - r)};
  }
  // Adds what r lost, and K f(v)^2 (1 - 2^e), to the low part of c0. Three terms of f(v) suffice, so the square does
  // not wait for the rest of the polynomial. 2^e is held at 2^-36, because less cannot change the result.
  SOFTPLUS_INLINE Coefficients<Lanes> corrected(Coefficients<Lanes> c, float K) const {
    const Lanes w = fma(r * r, c.c2, fma(r, c.c1, c.c0));
    c.low = c.low + fma(c.c1, lost, w * w * fma(pow2(max(-36.0f, e)), -K, K));
    return c;
  }
  SOFTPLUS_INLINE Lanes timesPow2(Lanes w) const { return scale(w, e); }
  template <class Wide>
  SOFTPLUS_INLINE Wide timesPow2(Wide w) const {
    return w * widePow2(widen(e));
  }
};

// The polynomial without its constant term c0. Only the addition of c0 rounds at the size of the result, so it is last.
template <class Lanes>
SOFTPLUS_INLINE Lanes higherTerms(const Coefficients<Lanes>& c, Lanes c1, Lanes r) {
  Lanes q = fma(r, c.c6, c.c5);
  q = fma(r, q, c.c4);
  q = fma(r, q, c.c3);
  q = fma(r, q, c.c2);
  return fma(r, c1, fma(r * r, q, c.low));
}

// The function that F describes, over one vector: for beta 1 or any beta, with or without a threshold.
template <class F, class Simd, bool hasBeta, bool isThresholded>
struct Evaluation {
  using Lanes = typename Simd::Lanes;
  using RowOffsets = typename Simd::RowOffsets;
  using HeldTable = typename Simd::HeldTable;
  using FarRows = typename Simd::FarRows;
  using Argument = std::conditional_t<hasBeta, WithBeta<Lanes>, Plain<Lanes>>;
  // Whether the last steps are in binary64, so that the sum, 2^e and the power of beta are rounded to float32 once,
  // together.
  static constexpr bool isWide = hasBeta && F::powerOfBeta != 0;
  // Results are 0 from here on: e^-104.5 is below 2^-150, half of the smallest float, and e^-350 is so even if divided
  // by the smallest beta, 2^-149.
  static constexpr float floor = isWide ? -350.0f : -104.5f;

  typename Simd::Table table;
  Argument argument;
  double betaFactor;  // beta or 1 / beta
  float threshold;

  static SOFTPLUS_INLINE Evaluation of(float beta, float threshold) {
    return {Simd::Table::template of<F::cells>(), Argument::of(beta),
            F::powerOfBeta < 0 ? 1.0 / static_cast<double>(beta) : static_cast<double>(beta), threshold};
  }

  SOFTPLUS_INLINE auto isNear(Lanes x) const { return withSignSet(argument.product(x)) > -nearLimit; }
  SOFTPLUS_INLINE auto isNotNear(Lanes x) const { return isNotAbove(withSignSet(argument.product(x)), -nearLimit); }
  // The lanes of `notNear` that need arithmetic.
  template <class Mask>
  SOFTPLUS_INLINE Mask isFar(Mask notNear, Lanes x) const {
    return F::template isFar<hasBeta>(notNear, argument.product(x), floor);
  }
  SOFTPLUS_INLINE bool areNear(Lanes x, Lanes other) const {
    return areBelow(argument.product(x), argument.product(other), nearLimit);
  }
  SOFTPLUS_INLINE auto isSettled(Lanes x) const { return F::isSettled(argument.product(x), floor); }

  SOFTPLUS_INLINE Near<Lanes> reduceNear(Lanes x) const { return Near<Lanes>::of(argument, x, floor); }
  SOFTPLUS_INLINE Anywhere<Lanes> reduceAnywhere(Lanes x) const { return Anywhere<Lanes>::of(argument, x, floor); }

  // Rows is RowOffsets or HeldTable.
  template <class Rows>
  SOFTPLUS_INLINE Lanes near(const Rows& rows, size_t i, Lanes x) const {
    return evaluate(reduceNear(x), rows, i, x);
  }
  template <class Rows>
  SOFTPLUS_INLINE Lanes anywhere(const Rows& rows, size_t i, Lanes x) const {
    return evaluate(reduceAnywhere(x), rows, i, x);
  }
  SOFTPLUS_INLINE Lanes settled(Lanes x) const {
    return cut(x, F::template settled<hasBeta>(x, argument.product(x), zero()));
  }
  // Near and settled lanes. Far lanes are arbitrary.
  template <class Mask>
  SOFTPLUS_INLINE Lanes nearOrSettled(Mask notNear, const RowOffsets& rows, size_t i, Lanes x) const {
    return cut(x, F::template withSettled<hasBeta>(notNear, x, argument.product(x), zero(), near(rows, i, x)));
  }

 private:
  SOFTPLUS_INLINE Lanes zero() const {
    if constexpr (isWide) return argument.beta * Lanes(0.0f);
    return 0.0f;
  }
  template <class Reduced, class Rows>
  SOFTPLUS_INLINE Lanes evaluate(const Reduced& at, const Rows& rows, size_t i, Lanes x) const {
    const Lanes p = argument.product(x);
    const auto c = at.corrected(rows.lookup(table, i, at.z), F::K);
    const Lanes l = higherTerms(c, F::c1(c.c1, p), at.r);
    Lanes y;
    if constexpr (isWide)
      y = narrow(F::combine(at, widen(c.c0) + widen(l), p) * typename Simd::Wide(betaFactor));
    else
      y = F::combine(at, c.c0 + l, p);
    if constexpr (Reduced::mayBeFar) y = F::template finish<hasBeta>(x, p, y);
    return cut(x, y);
  }
  SOFTPLUS_INLINE Lanes cut(Lanes x, Lanes y) const {
    if constexpr (isThresholded) y = select(argument.product(x) > threshold, F::above(x), y);
    return y;
  }
};

}  // namespace softplus
