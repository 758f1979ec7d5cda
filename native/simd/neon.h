// Four float32 lanes in an Advanced SIMD register of AArch64. The names and their meaning are those of avx512.h.
//
// max(a, b) keeps a NaN of its second operand; the first must not be NaN.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "../functions/coefficients.h"
#include "inline.h"

namespace softplus {
namespace {

struct Mask {
  uint32x4_t v;
};

struct Lanes {
  static constexpr size_t count = 4;
  float32x4_t v;

  Lanes() = default;
  SOFTPLUS_INLINE Lanes(float32x4_t lanes) : v(lanes) {}
  SOFTPLUS_INLINE Lanes(float all) : v(vdupq_n_f32(all)) {}

  static SOFTPLUS_INLINE Lanes load(const float* from) { return {vld1q_f32(from)}; }
  SOFTPLUS_INLINE void store(float* to) const { vst1q_f32(to, v); }
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
  // Arm's processors notice by themselves that lines are written whole, and there is no intrinsic for STNP.
  SOFTPLUS_INLINE void stream(float* to) const { store(to); }
  static SOFTPLUS_INLINE void fence() {}
  static SOFTPLUS_INLINE void prefetch(const void* from) {
#if defined(_MSC_VER) && !defined(__clang__)
    __prefetch(from);
#else
    __builtin_prefetch(from);
#endif
  }
};

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return {vaddq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return {vsubq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return {vmulq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return {vmaxq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return {vminq_f32(a.v, b.v)}; }

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {vcltq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {vcgtq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {vmvnq_u32(vceqq_f32(a.v, a.v))}; }
SOFTPLUS_INLINE Mask isSignClear(Lanes a) { return {vcgezq_s32(vreinterpretq_s32_f32(a.v))}; }
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {vorrq_u32(a.v, b.v)}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return vminvq_u32(m.v) != 0; }
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {vbslq_f32(m.v, yes.v, no.v)}; }
// a - b where the mask is set, else a.
SOFTPLUS_INLINE Lanes subtractWhere(Mask m, Lanes a, Lanes b) { return select(m, a - b, a); }

SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {vabsq_f32(a.v)}; }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {vnegq_f32(vabsq_f32(a.v))}; }

// The largest magnitude seen, compared as integers, so that NaN counts as larger than infinity.
struct Magnitude {
  uint32x4_t v = vdupq_n_u32(0);
  SOFTPLUS_INLINE void add(Lanes a) { v = vmaxq_u32(v, vreinterpretq_u32_f32(withSignClear(a).v)); }
  SOFTPLUS_INLINE bool isBelow(float limit) const {
    return vmaxvq_u32(v) < vgetq_lane_u32(vreinterpretq_u32_f32(vdupq_n_f32(limit)), 0);
  }
};

// 2^n for an integer n in [-126, 127], by building its bits.
SOFTPLUS_INLINE Lanes pow2(Lanes n) {
  return {vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32((n + (0x1.8p23f + 127.0f)).v), 23))};
}

// a 2^n, rounded once, also into the subnormals, for a normal a > 0 and an integer n <= 0; as in avx2.h.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const int32x4_t exponent = vshlq_n_s32(vreinterpretq_s32_f32((n + 0x1.8p23f).v), 23);
  const int32x4_t normal = vaddq_s32(vreinterpretq_s32_f32(a.v), exponent);
  const int32x4_t unit = vsubq_s32(vdupq_n_s32(0x00800000), exponent);
  const int32x4_t rounded = vreinterpretq_s32_f32(vaddq_f32(a.v, vreinterpretq_f32_s32(unit)));
  const uint32x4_t isSubnormal = vcltq_s32(normal, vdupq_n_s32(0x00800000));
  return {vreinterpretq_f32_s32(vbslq_s32(isSubnormal, vsubq_s32(rounded, unit), normal))};
}

// The same lanes in binary64.
struct Wide {
  float64x2_t lo, hi;

  SOFTPLUS_INLINE Wide(float64x2_t low, float64x2_t high) : lo(low), hi(high) {}
  SOFTPLUS_INLINE Wide(double all) : Wide(vdupq_n_f64(all), vdupq_n_f64(all)) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return {vaddq_f64(a.lo, b.lo), vaddq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return {vsubq_f64(a.lo, b.lo), vsubq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return {vmulq_f64(a.lo, b.lo), vmulq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return {vdivq_f64(a.lo, b.lo), vdivq_f64(a.hi, b.hi)}; }
// yes where a is 0, else no.
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) {
  return {vbslq_f64(vceqzq_f64(a.lo), yes.lo, no.lo), vbslq_f64(vceqzq_f64(a.hi), yes.hi, no.hi)};
}
SOFTPLUS_INLINE Wide widen(Lanes a) { return {vcvt_f64_f32(vget_low_f32(a.v)), vcvt_high_f64_f32(a.v)}; }
SOFTPLUS_INLINE Lanes narrow(Wide a) { return {vcvt_high_f32_f64(vcvt_f32_f64(a.lo), a.hi)}; }
// 2^n for an integer n in [-1022, 1023].
SOFTPLUS_INLINE Wide widePow2(Wide n) {
  const Wide biased = n + (0x1.8p52 + 1023.0);
  return {vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(biased.lo), 52)),
          vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(biased.hi), 52))};
}

// a > 0 as 2^k c, where c is from about sqrt(1/2), 0x1.6a09ep-1, to twice that.
struct Split {
  Wide k, c;
};
SOFTPLUS_INLINE Split splitExponent(Wide a) {
  const uint64x2_t offset = vdupq_n_u64(0x3ff0000000000000 - 0x3fe6a09e00000000);
  const uint64x2_t bias = vdupq_n_u64(0x3ff0000000000000), magic = vdupq_n_u64(0x4330000000000000);
  const auto split = [&](float64x2_t lanes, float64x2_t& k, float64x2_t& c) SOFTPLUS_INLINE_LAMBDA {
    const uint64x2_t bits = vreinterpretq_u64_f64(lanes);
    const uint64x2_t biased = vshrq_n_u64(vaddq_u64(bits, offset), 52);
    k = vsubq_f64(vreinterpretq_f64_u64(vorrq_u64(biased, magic)), vdupq_n_f64(0x1p52 + 1023.0));
    c = vreinterpretq_f64_u64(vaddq_u64(vsubq_u64(bits, vshlq_n_u64(biased, 52)), bias));
  };
  Split s{0.0, 0.0};
  split(a.lo, s.k.lo, s.c.lo);
  split(a.hi, s.k.hi, s.c.hi);
  return s;
}

// A table of 32 rows of 8, in memory.
struct Table {
  const float* rows;
  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    return {&rows[0][0]};
  }
};

// Four columns of four rows, whose places in floats are given: a 4x4 transpose.
struct Columns {
  Lanes c0, c1, c2, c3;
  SOFTPLUS_INLINE Columns(const float* rows, const uint32_t* at) {
    const float32x4_t r0 = vld1q_f32(rows + at[0]), r1 = vld1q_f32(rows + at[1]);
    const float32x4_t r2 = vld1q_f32(rows + at[2]), r3 = vld1q_f32(rows + at[3]);
    const float64x2_t a01 = vreinterpretq_f64_f32(vzip1q_f32(r0, r1)), b01 = vreinterpretq_f64_f32(vzip2q_f32(r0, r1));
    const float64x2_t a23 = vreinterpretq_f64_f32(vzip1q_f32(r2, r3)), b23 = vreinterpretq_f64_f32(vzip2q_f32(r2, r3));
    c0 = vreinterpretq_f32_f64(vzip1q_f64(a01, a23));
    c1 = vreinterpretq_f32_f64(vzip2q_f64(a01, a23));
    c2 = vreinterpretq_f32_f64(vzip1q_f64(b01, b23));
    c3 = vreinterpretq_f32_f64(vzip2q_f64(b01, b23));
  }
};

// The rows of a block's lanes, as places in floats: the low five bits of z times 8.
struct Rows {
  static constexpr bool areKept = true;
  static constexpr size_t capacity = 256;
  alignas(16) uint32_t at[capacity];

  SOFTPLUS_INLINE void keep(size_t i, Lanes z) {
    const uint32x4_t row = vandq_u32(vreinterpretq_u32_f32(z.v), vdupq_n_u32(31));
    vst1q_u32(at + i, vshlq_n_u32(row, 3));
  }
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t i, Lanes) const {
    const Columns a(table.rows, at + i), b(table.rows + 4, at + i);
    return {a.c0, a.c1, a.c2, a.c3, b.c0, b.c1, b.c2, b.c3};
  }
};

struct Simd {
  using Lanes = softplus::Lanes;
  using Wide = softplus::Wide;
  using Table = softplus::Table;
  using Rows = softplus::Rows;
  using Magnitude = softplus::Magnitude;
};

}  // namespace
}  // namespace softplus
