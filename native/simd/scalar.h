// One float32 lane in portable C++, without FMA hardware; contract.h explains the operations.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "contract.h"

static_assert(FLT_EVAL_METHOD == 0, "float must be rounded to float at every step (on x86-32: -msse2 -mfpmath=sse)");

namespace softplus::scalar {
namespace {

struct Mask {
  bool v;
};

struct Lanes {
  static constexpr size_t count = 1;
  static constexpr bool arePaired = false;
  static constexpr bool areWhole = false;
  float v;

  Lanes() = default;
  SOFTPLUS_INLINE Lanes(float value) : v(value) {}

  static SOFTPLUS_INLINE Lanes load(const float* from) { return *from; }
  static SOFTPLUS_INLINE Lanes loadFirst(const float* from, size_t) { return *from; }
  SOFTPLUS_INLINE void store(float* to) const { *to = v; }
  SOFTPLUS_INLINE void storeFirst(float* to, size_t) const { *to = v; }
  // Nothing: the arithmetic of one lane takes longer than its memory access.
  static SOFTPLUS_INLINE void prefetch(const void*) {}
  SOFTPLUS_INLINE void stream(float* to) const { store(to); }
  static SOFTPLUS_INLINE void fence() {}
  static SOFTPLUS_INLINE size_t countOf(unsigned bits) { return bits; }
};

SOFTPLUS_INLINE uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
SOFTPLUS_INLINE float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
SOFTPLUS_INLINE uint64_t bitsOf(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
SOFTPLUS_INLINE double fromBits(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return a.v + b.v; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return a.v - b.v; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return a.v * b.v; }
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return a.v > b.v ? a.v : b.v; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return a.v < b.v ? a.v : b.v; }
SOFTPLUS_INLINE Lanes maxBits(Lanes a, Lanes b) { return bitsOf(a.v) > bitsOf(b.v) ? a : b; }

// a b + c, rounded once if the result is normal or 0, or if binary64 holds the sum exactly. Binary64 always holds the
// product of two floats. If the sum rounds to a point halfway between two floats, it is moved by one bit towards the
// exact value.
//
// Points halfway between subnormal floats are not checked: checking them would make the backend 10 % slower. The search
// for the largest error with any beta found no result that needs it. In most sums of a kernel either c is 0, and the
// sum is exact, or a term is at least 2^-50. Such a term cannot cancel to a subnormal: the last bit of a product of its
// size is at least 2^-98. Only the sum of the small parts with 1 / beta can be subnormal and not exact, where |beta| is
// above 2^51. Then it is 2^-149 off at most, and the result's last bit is 2^-110 or more.
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) {
  const double p = static_cast<double>(a.v) * b.v;
  const double s = p + c.v;
  constexpr uint64_t below = (1u << 29) - 1, halfway = 1u << 28;
  if ((bitsOf(s) & below) != halfway) return static_cast<float>(s);
  const double t = s - p;
  const double lost = (p - (s - t)) + (c.v - t);  // Knuth's TwoSum
  if (lost == 0) return static_cast<float>(s);
  return static_cast<float>(fromBits((lost > 0) == (s > 0) ? bitsOf(s) + 1 : bitsOf(s) - 1));
}
SOFTPLUS_INLINE Lanes fms(Lanes a, Lanes b, Lanes c) { return fma(a, b, -c.v); }

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {a.v < b.v}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {a.v > b.v}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {a.v != a.v}; }
SOFTPLUS_INLINE Mask isSignClear(Lanes a) { return {bitsOf(a.v) >> 31 == 0}; }
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {a.v || b.v}; }
SOFTPLUS_INLINE Mask operator&(Mask a, Mask b) { return {a.v && b.v}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return m.v; }
SOFTPLUS_INLINE Mask isNotAbove(Lanes a, float limit) { return {!(a.v > limit)}; }
SOFTPLUS_INLINE Mask isNotBelow(Mask m, Lanes a, float limit) { return {m.v && !(a.v < limit)}; }
SOFTPLUS_INLINE Mask isWithin(Mask m, Lanes a, float low, float high) { return {m.v && !(a.v < low) && !(a.v > high)}; }
SOFTPLUS_INLINE Mask isBetween(Lanes a, float low, float high) { return {a.v >= low && a.v <= high}; }
SOFTPLUS_INLINE Lanes zeroWhere(Mask m, Lanes a) { return m.v ? 0.0f : a.v; }
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return m.v ? yes.v : no.v; }

SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return fromBits(bitsOf(a.v) | 0x80000000); }
SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return fromBits(bitsOf(a.v) & 0x7fffffff); }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a, float least) { return min(-least, withSignSet(a)); }
SOFTPLUS_INLINE Lanes timesSign(Lanes a, Lanes s) { return fromBits(bitsOf(a.v) ^ bitsOf(s.v)); }

SOFTPLUS_INLINE Lanes selectBySign(Lanes p, Lanes neg, Lanes pos) { return select(isSignClear(p), pos, neg); }
SOFTPLUS_INLINE Lanes withNaN(Lanes a, Lanes x) { return select(isNaN(x), x, a); }
SOFTPLUS_INLINE Lanes subtractIfPositive(Lanes a, Lanes p, Lanes b) { return selectBySign(p, a, a - b); }
SOFTPLUS_INLINE Lanes addIfPositive(Lanes a, Lanes p, Lanes b) { return selectBySign(p, a, a + b); }
SOFTPLUS_INLINE bool areBelow(Lanes a, Lanes b, float limit) {
  return withSignClear(a).v < limit && withSignClear(b).v < limit;
}

SOFTPLUS_INLINE unsigned bitsOf(Mask m) { return m.v; }
SOFTPLUS_INLINE Lanes pack(unsigned, Lanes a) { return a; }

struct Wide {
  double v;
  SOFTPLUS_INLINE Wide(double value) : v(value) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return a.v + b.v; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return a.v - b.v; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return a.v * b.v; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return a.v / b.v; }
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) { return a.v == 0 ? yes.v : no.v; }
SOFTPLUS_INLINE Wide widen(Lanes a) { return static_cast<double>(a.v); }
SOFTPLUS_INLINE Lanes narrow(Wide a) { return static_cast<float>(a.v); }
SOFTPLUS_INLINE Wide widePow2(Wide n) { return fromBits(bitsOf(n.v + (0x1.8p52 + 1023.0)) << 52); }

struct Split {
  Wide k, c;
};
SOFTPLUS_INLINE Split splitExponent(Wide a) {
  constexpr uint64_t bias = 0x3ff0000000000000, root = 0x3fe6a09e00000000;
  const uint64_t biased = (bitsOf(a.v) + (bias - root)) >> 52;
  return {static_cast<double>(static_cast<int64_t>(biased) - 1023), fromBits(bitsOf(a.v) - (biased << 52) + bias)};
}
SOFTPLUS_INLINE Lanes pow2(Lanes n) { return narrow(widePow2(widen(max(-126.0f, n)))); }
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) { return narrow(widen(a) * widePow2(widen(n))); }

struct Table {
  const float (*rows)[8];
  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    return {rows};
  }
};

struct RowOffsets {
  static constexpr bool areKept = false;
  static constexpr size_t capacity = 1;
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t, Lanes z) const {
    const float* row = table.rows[bitsOf(z.v) & 31];
    return {row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]};
  }
};

struct Simd {
  using Lanes = scalar::Lanes;
  using Wide = scalar::Wide;
  using Table = scalar::Table;
  using RowOffsets = scalar::RowOffsets;
  using FarRows = scalar::RowOffsets;
  using HeldTable = void;
};

}  // namespace
}  // namespace softplus::scalar

namespace softplus {
namespace isa = scalar;
}
