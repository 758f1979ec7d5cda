// Four float32 lanes in an Advanced SIMD register of AArch64; contract.h explains the operations.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "contract.h"
#include "packing.h"

namespace softplus::neon {
namespace {

struct Mask {
  uint32x4_t v;
};

struct Lanes {
  static constexpr size_t count = 4;
  static constexpr bool arePaired = true;
  static constexpr bool areWhole = false;
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
  // Stores as usual: Arm's processors detect by themselves that whole cache lines are written, and no intrinsic gives
  // STNP.
  SOFTPLUS_INLINE void stream(float* to) const { store(to); }
  static SOFTPLUS_INLINE void fence() {}
  // The digits of this number are the answers for 15 down to 0.
  static SOFTPLUS_INLINE size_t countOf(unsigned bits) { return 0x4332322132212110 >> 4 * bits & 15; }
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
SOFTPLUS_INLINE Lanes fms(Lanes a, Lanes b, Lanes c) { return {vfmaq_f32(vnegq_f32(c.v), a.v, b.v)}; }
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return {vmaxq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return {vminq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes maxBits(Lanes a, Lanes b) {
  return {vreinterpretq_f32_u32(vmaxq_u32(vreinterpretq_u32_f32(a.v), vreinterpretq_u32_f32(b.v)))};
}

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {vcltq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {vcgtq_f32(a.v, b.v)}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {vmvnq_u32(vceqq_f32(a.v, a.v))}; }
SOFTPLUS_INLINE Mask isSignClear(Lanes a) { return {vcgezq_s32(vreinterpretq_s32_f32(a.v))}; }
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {vorrq_u32(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator&(Mask a, Mask b) { return {vandq_u32(a.v, b.v)}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return vminvq_u32(m.v) != 0; }
SOFTPLUS_INLINE Mask isNotAbove(Lanes a, float limit) { return {vmvnq_u32((a > limit).v)}; }
SOFTPLUS_INLINE Mask isNotBelow(Mask m, Lanes a, float limit) { return {vbicq_u32(m.v, (a < limit).v)}; }
SOFTPLUS_INLINE Mask isWithin(Mask m, Lanes a, float low, float high) {
  return {vbicq_u32(m.v, ((a < low) | (a > high)).v)};
}
SOFTPLUS_INLINE Mask isBetween(Lanes a, float low, float high) {
  return {vandq_u32(vcgeq_f32(a.v, vdupq_n_f32(low)), vcleq_f32(a.v, vdupq_n_f32(high)))};
}
SOFTPLUS_INLINE Lanes zeroWhere(Mask m, Lanes a) {
  return {vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a.v), m.v))};
}
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {vbslq_f32(m.v, yes.v, no.v)}; }

SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {vabsq_f32(a.v)}; }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {vnegq_f32(vabsq_f32(a.v))}; }
SOFTPLUS_INLINE Lanes withSignSet(Lanes a, float least) { return min(-least, withSignSet(a)); }
SOFTPLUS_INLINE Lanes timesSign(Lanes a, Lanes s) {
  return {vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a.v), vreinterpretq_u32_f32(s.v)))};
}

SOFTPLUS_INLINE Lanes withNaN(Lanes a, Lanes x) { return select(isNaN(x), x, a); }
SOFTPLUS_INLINE Lanes subtractIfPositive(Lanes a, Lanes p, Lanes b) {
  const uint32x4_t isNegative = vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_f32(p.v), 31));
  return a - Lanes(vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(b.v), isNegative)));
}
SOFTPLUS_INLINE Lanes addIfPositive(Lanes a, Lanes p, Lanes b) {
  const uint32x4_t isNegative = vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_f32(p.v), 31));
  return a + Lanes(vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(b.v), isNegative)));
}
SOFTPLUS_INLINE Lanes selectBySign(Lanes p, Lanes neg, Lanes pos) { return select(isSignClear(p), pos, neg); }
SOFTPLUS_INLINE bool areBelow(Lanes a, Lanes b, float limit) {
  return areAll({vcaltq_f32(a.v, vdupq_n_f32(limit))}) && areAll({vcaltq_f32(b.v, vdupq_n_f32(limit))});
}

SOFTPLUS_INLINE unsigned bitsOf(Mask m) {
  constexpr uint32_t bits[4] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(m.v, vld1q_u32(bits)));
}
SOFTPLUS_INLINE Lanes pack(unsigned bits, Lanes a) {
  const uint8_t* const shuffle = Packing<Lanes::count, sizeof(float)>::of.shuffles[bits];
  return {vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(a.v), vld1q_u8(shuffle)))};
}

SOFTPLUS_INLINE int32x4_t exponentOf(Lanes n) { return vshlq_n_s32(vreinterpretq_s32_f32((n + 0x1.8p23f).v), 23); }
SOFTPLUS_INLINE Lanes pow2(Lanes n) {
  const int32x4_t bits = vaddq_s32(exponentOf(n), vreinterpretq_s32_f32(vdupq_n_f32(1.0f)));
  return {vreinterpretq_f32_s32(vmaxq_s32(bits, vdupq_n_s32(0)))};
}

// avx2.h explains the steps.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const int32x4_t exponent = exponentOf(n);
  const int32x4_t normal = vaddq_s32(vreinterpretq_s32_f32(a.v), exponent);
  const int32x4_t unit = vsubq_s32(vdupq_n_s32(0x00800000), exponent);
  const int32x4_t rounded = vreinterpretq_s32_f32(vaddq_f32(a.v, vreinterpretq_f32_s32(unit)));
  return {vreinterpretq_f32_s32(vmaxq_s32(normal, vsubq_s32(rounded, unit)))};
}

struct Wide {
  float64x2_t lo, hi;

  SOFTPLUS_INLINE Wide(float64x2_t low, float64x2_t high) : lo(low), hi(high) {}
  SOFTPLUS_INLINE Wide(double all) : Wide(vdupq_n_f64(all), vdupq_n_f64(all)) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return {vaddq_f64(a.lo, b.lo), vaddq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return {vsubq_f64(a.lo, b.lo), vsubq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return {vmulq_f64(a.lo, b.lo), vmulq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return {vdivq_f64(a.lo, b.lo), vdivq_f64(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) {
  return {vbslq_f64(vceqzq_f64(a.lo), yes.lo, no.lo), vbslq_f64(vceqzq_f64(a.hi), yes.hi, no.hi)};
}
SOFTPLUS_INLINE Wide widen(Lanes a) { return {vcvt_f64_f32(vget_low_f32(a.v)), vcvt_high_f64_f32(a.v)}; }
SOFTPLUS_INLINE Lanes narrow(Wide a) { return {vcvt_high_f32_f64(vcvt_f32_f64(a.lo), a.hi)}; }
SOFTPLUS_INLINE Wide widePow2(Wide n) {
  const Wide biased = n + (0x1.8p52 + 1023.0);
  return {vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(biased.lo), 52)),
          vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(biased.hi), 52))};
}

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

struct Table {
  const float* rows;
  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    return {&rows[0][0]};
  }
};

// Four columns of the four rows at these offsets in floats: a 4x4 transpose.
struct FourColumns {
  Lanes c0, c1, c2, c3;
  SOFTPLUS_INLINE FourColumns(const float* table, const uint32_t* offsets) {
    const float32x4_t r0 = vld1q_f32(table + offsets[0]), r1 = vld1q_f32(table + offsets[1]);
    const float32x4_t r2 = vld1q_f32(table + offsets[2]), r3 = vld1q_f32(table + offsets[3]);
    const float64x2_t a01 = vreinterpretq_f64_f32(vzip1q_f32(r0, r1)), b01 = vreinterpretq_f64_f32(vzip2q_f32(r0, r1));
    const float64x2_t a23 = vreinterpretq_f64_f32(vzip1q_f32(r2, r3)), b23 = vreinterpretq_f64_f32(vzip2q_f32(r2, r3));
    c0 = vreinterpretq_f32_f64(vzip1q_f64(a01, a23));
    c1 = vreinterpretq_f32_f64(vzip2q_f64(a01, a23));
    c2 = vreinterpretq_f32_f64(vzip1q_f64(b01, b23));
    c3 = vreinterpretq_f32_f64(vzip2q_f64(b01, b23));
  }
};

// Offsets in floats: the low five bits of z times 8.
struct RowOffsets {
  static constexpr bool areKept = true;
  static constexpr size_t capacity = 256;
  alignas(16) uint32_t offsets[capacity];

  SOFTPLUS_INLINE void keep(size_t i, Lanes z) {
    const uint32x4_t row = vandq_u32(vreinterpretq_u32_f32(z.v), vdupq_n_u32(31));
    vst1q_u32(offsets + i, vshlq_n_u32(row, 3));
  }
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t i, Lanes) const {
    const FourColumns a(table.rows, offsets + i), b(table.rows + 4, offsets + i);
    return {a.c0, a.c1, a.c2, a.c3, b.c0, b.c1, b.c2, b.c3};
  }
};

struct Simd {
  using Lanes = neon::Lanes;
  using Wide = neon::Wide;
  using Table = neon::Table;
  using RowOffsets = neon::RowOffsets;
  using FarRows = neon::RowOffsets;
  using HeldTable = void;
};

}  // namespace
}  // namespace softplus::neon

namespace softplus {
namespace isa = neon;
}
