// Four float32 lanes in a vector of WebAssembly; contract.h explains the operations.
//
// With -mrelaxed-simd, fma is f32x4.relaxed_madd. Engines may round it once or twice, so src/backend/wasm/ asks first.
// Without that flag fma is computed in binary64, and takes three times as long.
#pragma once

#include <wasm_simd128.h>

#include <cstddef>
#include <cstdint>

#include "contract.h"
#include "packing.h"

namespace softplus::wasm {
namespace {

// Hides that v is a constant. V8 makes a constant anew, in three instructions, wherever it is used, but keeps other
// values in registers.
template <class Number>
SOFTPLUS_INLINE Number kept(Number v) {
  __asm__("" : "+r"(v));
  return v;
}

struct Mask {
  v128_t v;
};

struct Lanes {
  static constexpr size_t count = 4;
  static constexpr bool arePaired = false;
  static constexpr bool areWhole = true;
  v128_t v;

  Lanes() = default;
  SOFTPLUS_INLINE Lanes(v128_t lanes) : v(lanes) {}
  SOFTPLUS_INLINE Lanes(float all) : v(wasm_f32x4_splat(kept(all))) {}

  static SOFTPLUS_INLINE Lanes load(const float* from) { return {wasm_v128_load(from)}; }
  SOFTPLUS_INLINE void store(float* to) const { wasm_v128_store(to, v); }
  static SOFTPLUS_INLINE Lanes loadFirst(const float* from, size_t n) {
    float padded[4] = {};
    for (size_t i = 0; i < n; i++) padded[i] = from[i];
    return load(padded);
  }
  SOFTPLUS_INLINE void storeFirst(float* to, size_t n) const {
    float padded[4];
    store(padded);
    for (size_t i = 0; i < n; i++) to[i] = padded[i];
  }
  // WebAssembly has neither streaming stores nor prefetches.
  SOFTPLUS_INLINE void stream(float* to) const { store(to); }
  static SOFTPLUS_INLINE void fence() {}
  static SOFTPLUS_INLINE size_t countOf(unsigned bits) { return static_cast<size_t>(__builtin_popcount(bits)); }
  static SOFTPLUS_INLINE void prefetch(const void*) {}
};

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return {wasm_f32x4_add(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return {wasm_f32x4_sub(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return {wasm_f32x4_mul(a.v, b.v)}; }
// pmax(b, a) is b < a ? a : b.
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return {wasm_f32x4_pmax(b.v, a.v)}; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return {wasm_f32x4_pmin(b.v, a.v)}; }
SOFTPLUS_INLINE Lanes maxBits(Lanes a, Lanes b) { return {wasm_u32x4_max(a.v, b.v)}; }

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {wasm_f32x4_lt(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {wasm_f32x4_gt(a.v, b.v)}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {wasm_f32x4_ne(a.v, a.v)}; }
SOFTPLUS_INLINE Mask isSignClear(Lanes a) { return {wasm_i32x4_gt(a.v, wasm_i32x4_const_splat(-1))}; }
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {wasm_v128_or(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator&(Mask a, Mask b) { return {wasm_v128_and(a.v, b.v)}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return wasm_i32x4_all_true(m.v); }
SOFTPLUS_INLINE Mask isNotAbove(Lanes a, float limit) { return {wasm_v128_not((a > limit).v)}; }
SOFTPLUS_INLINE Mask isBetween(Lanes a, float low, float high) {
  return {wasm_v128_and(wasm_f32x4_ge(a.v, Lanes(low).v), wasm_f32x4_le(a.v, Lanes(high).v))};
}
SOFTPLUS_INLINE Lanes zeroWhere(Mask m, Lanes a) { return {wasm_v128_andnot(a.v, m.v)}; }
SOFTPLUS_INLINE Mask isNotBelow(Mask m, Lanes a, float limit) { return {wasm_v128_andnot(m.v, (a < limit).v)}; }
SOFTPLUS_INLINE Mask isWithin(Mask m, Lanes a, float low, float high) {
  return {wasm_v128_andnot(m.v, ((a < low) | (a > high)).v)};
}

SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {wasm_v128_andnot(a.v, wasm_f32x4_splat(kept(-0.0f)))}; }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {wasm_v128_or(a.v, wasm_f32x4_splat(kept(-0.0f)))}; }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a, float least) { return min(-least, withSignSet(a)); }
SOFTPLUS_INLINE Lanes timesSign(Lanes a, Lanes s) { return {wasm_v128_xor(a.v, s.v)}; }

SOFTPLUS_INLINE Mask isSignSet(Lanes a) { return {wasm_i32x4_shr(a.v, 31)}; }
SOFTPLUS_INLINE Lanes withNaN(Lanes a, Lanes x) { return max(a, min(0.0f, x)); }
SOFTPLUS_INLINE Lanes subtractIfPositive(Lanes a, Lanes p, Lanes b) {
  return a - Lanes(wasm_v128_andnot(b.v, isSignSet(p).v));
}
SOFTPLUS_INLINE Lanes addIfPositive(Lanes a, Lanes p, Lanes b) {
  return a + Lanes(wasm_v128_andnot(b.v, isSignSet(p).v));
}
SOFTPLUS_INLINE bool areBelow(Lanes a, Lanes b, float limit) {
  return areAll(maxBits(withSignSet(a), withSignSet(b)) > -limit);
}

SOFTPLUS_INLINE unsigned bitsOf(Mask m) { return wasm_i32x4_bitmask(m.v); }
SOFTPLUS_INLINE Lanes pack(unsigned bits, Lanes a) {
  return {wasm_i8x16_swizzle(a.v, wasm_v128_load(Packing<Lanes::count, sizeof(float)>::of.shuffles[bits]))};
}

SOFTPLUS_INLINE v128_t exponentOf(Lanes n) { return wasm_i32x4_shl((n + 0x1.8p23f).v, 23); }
SOFTPLUS_INLINE Lanes pow2(Lanes n) {
  return {wasm_i32x4_max(wasm_i32x4_add(exponentOf(n), wasm_f32x4_const_splat(1.0f)), wasm_i32x4_const_splat(0))};
}

struct Wide {
  v128_t lo, hi;

  SOFTPLUS_INLINE Wide(v128_t low, v128_t high) : lo(low), hi(high) {}
  SOFTPLUS_INLINE Wide(double all) : Wide(wasm_f64x2_splat(all), wasm_f64x2_splat(all)) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return {wasm_f64x2_add(a.lo, b.lo), wasm_f64x2_add(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return {wasm_f64x2_sub(a.lo, b.lo), wasm_f64x2_sub(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return {wasm_f64x2_mul(a.lo, b.lo), wasm_f64x2_mul(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return {wasm_f64x2_div(a.lo, b.lo), wasm_f64x2_div(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) {
  const v128_t zero = wasm_f64x2_const_splat(0.0);
  return {wasm_v128_bitselect(yes.lo, no.lo, wasm_f64x2_eq(a.lo, zero)),
          wasm_v128_bitselect(yes.hi, no.hi, wasm_f64x2_eq(a.hi, zero))};
}
SOFTPLUS_INLINE Wide widen(Lanes a) {
  return {wasm_f64x2_promote_low_f32x4(a.v), wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(a.v, a.v, 2, 3, 0, 1))};
}
SOFTPLUS_INLINE Lanes narrow(Wide a) {
  return {wasm_i32x4_shuffle(wasm_f32x4_demote_f64x2_zero(a.lo), wasm_f32x4_demote_f64x2_zero(a.hi), 0, 1, 4, 5)};
}
SOFTPLUS_INLINE Wide widePow2(Wide n) {
  const Wide biased = n + (0x1.8p52 + 1023.0);
  return {wasm_i64x2_shl(biased.lo, 52), wasm_i64x2_shl(biased.hi, 52)};
}

struct Split {
  Wide k, c;
};
SOFTPLUS_INLINE Split splitExponent(Wide a) {
  const v128_t offset = wasm_i64x2_const_splat(0x3ff0000000000000 - 0x3fe6a09e00000000);
  const v128_t bias = wasm_i64x2_const_splat(0x3ff0000000000000), magic = wasm_i64x2_const_splat(0x4330000000000000);
  const auto split = [&](v128_t bits, v128_t& k, v128_t& c) SOFTPLUS_INLINE_LAMBDA {
    const v128_t biased = wasm_u64x2_shr(wasm_i64x2_add(bits, offset), 52);
    k = wasm_f64x2_sub(wasm_v128_or(biased, magic), wasm_f64x2_const_splat(0x1p52 + 1023.0));
    c = wasm_i64x2_add(wasm_i64x2_sub(bits, wasm_i64x2_shl(biased, 52)), bias);
  };
  Split s{0.0, 0.0};
  split(a.lo, s.k.lo, s.c.lo);
  split(a.hi, s.k.hi, s.c.hi);
  return s;
}

#if defined(__wasm_relaxed_simd__)

SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {wasm_f32x4_relaxed_madd(a.v, b.v, c.v)}; }
// Every bit of a mask's lane is the same, so all engines select the same.
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {wasm_i32x4_relaxed_laneselect(yes.v, no.v, m.v)}; }

#else

SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {wasm_v128_bitselect(yes.v, no.v, m.v)}; }

// Where a sum was rounded and lies halfway between two floats, moves it by one bit towards the exact p + c, so that
// narrowing rounds correctly.
[[gnu::noinline]] v128_t nudged(v128_t s, v128_t p, v128_t c) {
  const v128_t below = wasm_i64x2_const_splat((1 << 29) - 1), halfway = wasm_i64x2_const_splat(1 << 28);
  const v128_t t = wasm_f64x2_sub(s, p);
  // Knuth's TwoSum
  const v128_t lost = wasm_f64x2_add(wasm_f64x2_sub(p, wasm_f64x2_sub(s, t)), wasm_f64x2_sub(c, t));
  const v128_t zero = wasm_f64x2_const_splat(0.0), one = wasm_i64x2_const_splat(1);
  const v128_t isHalfway = wasm_i64x2_eq(wasm_v128_and(s, below), halfway);
  const v128_t isInexact = wasm_v128_and(isHalfway, wasm_f64x2_ne(lost, zero));
  // 1 away from zero, -1 towards it.
  const v128_t step = wasm_v128_or(wasm_i64x2_shr(wasm_v128_xor(s, lost), 63), one);
  return wasm_i64x2_add(s, wasm_v128_and(step, isInexact));
}

// scalar.h explains the steps and their limit.
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) {
  const Wide p = widen(a) * widen(b), d = widen(c);
  Wide s = p + d;
  // The low halves of all four sums, without their three highest bits.
  const v128_t low = wasm_v128_and(wasm_i32x4_shuffle(s.lo, s.hi, 0, 2, 4, 6), wasm_i32x4_const_splat((1 << 29) - 1));
  if (__builtin_expect(wasm_v128_any_true(wasm_i32x4_eq(low, wasm_i32x4_const_splat(1 << 28))), false))
    s = {nudged(s.lo, p.lo, d.lo), nudged(s.hi, p.hi, d.hi)};
  return narrow(s);
}

#endif

SOFTPLUS_INLINE Lanes fms(Lanes a, Lanes b, Lanes c) { return fma(a, b, Lanes(wasm_f32x4_neg(c.v))); }
SOFTPLUS_INLINE Lanes selectBySign(Lanes p, Lanes neg, Lanes pos) { return select(isSignSet(p), neg, pos); }

// avx2.h explains the steps.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const v128_t exponent = exponentOf(n);
  const v128_t normal = wasm_i32x4_add(a.v, exponent);
  const v128_t unit = wasm_i32x4_sub(wasm_i32x4_const_splat(0x00800000), exponent);
  const v128_t rounded = wasm_f32x4_add(a.v, unit);
  return {wasm_i32x4_max(normal, wasm_i32x4_sub(rounded, unit))};
}

struct Table {
  const float* rows;
  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    return {&rows[0][0]};
  }
};

// Four columns of the four rows at these offsets in bytes: a 4x4 transpose.
struct FourColumns {
  Lanes c0, c1, c2, c3;
  SOFTPLUS_INLINE FourColumns(const char* table, const uint32_t* offsets) {
    const v128_t r0 = wasm_v128_load(table + offsets[0]), r1 = wasm_v128_load(table + offsets[1]);
    const v128_t r2 = wasm_v128_load(table + offsets[2]), r3 = wasm_v128_load(table + offsets[3]);
    const v128_t a01 = wasm_i32x4_shuffle(r0, r1, 0, 4, 1, 5), b01 = wasm_i32x4_shuffle(r0, r1, 2, 6, 3, 7);
    const v128_t a23 = wasm_i32x4_shuffle(r2, r3, 0, 4, 1, 5), b23 = wasm_i32x4_shuffle(r2, r3, 2, 6, 3, 7);
    c0 = wasm_i64x2_shuffle(a01, a23, 0, 2);
    c1 = wasm_i64x2_shuffle(a01, a23, 1, 3);
    c2 = wasm_i64x2_shuffle(b01, b23, 0, 2);
    c3 = wasm_i64x2_shuffle(b01, b23, 1, 3);
  }
};

// Offsets in bytes: the low five bits of z times 32.
struct RowOffsets {
  static constexpr bool areKept = true;
  static constexpr size_t capacity = 256;
  alignas(16) uint32_t offsets[capacity];

  SOFTPLUS_INLINE void keep(size_t i, Lanes z) {
    wasm_v128_store(offsets + i, wasm_i32x4_shl(wasm_v128_and(z.v, wasm_i32x4_splat(kept(31))), 5));
  }
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t i, Lanes) const {
    const char* rows = reinterpret_cast<const char*>(table.rows);
    const FourColumns a(rows, offsets + i), b(rows + 16, offsets + i);
    return {a.c0, a.c1, a.c2, a.c3, b.c0, b.c1, b.c2, b.c3};
  }
};

struct Simd {
  using Lanes = wasm::Lanes;
  using Wide = wasm::Wide;
  using Table = wasm::Table;
  using RowOffsets = wasm::RowOffsets;
  using FarRows = wasm::RowOffsets;
  using HeldTable = void;
};

}  // namespace
}  // namespace softplus::wasm

namespace softplus {
namespace isa = wasm;
}
