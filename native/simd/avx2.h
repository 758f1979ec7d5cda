// Eight float32 lanes in an AVX2 register, with FMA; contract.h explains the operations.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "contract.h"
#include "packing.h"

namespace softplus::avx2 {
namespace {

struct Mask {
  __m256 v;
};

struct Lanes {
  static constexpr size_t count = 8;
  static constexpr bool arePaired = true;
  static constexpr bool areWhole = false;
  __m256 v;

  Lanes() = default;
  SOFTPLUS_INLINE Lanes(__m256 lanes) : v(lanes) {}
  SOFTPLUS_INLINE Lanes(float all) : v(_mm256_set1_ps(all)) {}

  static SOFTPLUS_INLINE Lanes load(const float* from) { return {_mm256_loadu_ps(from)}; }
  SOFTPLUS_INLINE void store(float* to) const { _mm256_storeu_ps(to, v); }
  static SOFTPLUS_INLINE Lanes loadFirst(const float* from, size_t n) {
    return {_mm256_maskload_ps(from, firstLanes(n))};
  }
  SOFTPLUS_INLINE void storeFirst(float* to, size_t n) const { _mm256_maskstore_ps(to, firstLanes(n), v); }
  static SOFTPLUS_INLINE void prefetch(const void* from) { _mm_prefetch(static_cast<const char*>(from), _MM_HINT_T0); }
  SOFTPLUS_INLINE void stream(float* to) const { _mm256_stream_ps(to, v); }
  static SOFTPLUS_INLINE void fence() { _mm_sfence(); }
  static SOFTPLUS_INLINE size_t countOf(unsigned bits) { return static_cast<size_t>(_mm_popcnt_u32(bits)); }

 private:
  static SOFTPLUS_INLINE __m256i firstLanes(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
SOFTPLUS_INLINE Lanes fms(Lanes a, Lanes b, Lanes c) { return {_mm256_fmsub_ps(a.v, b.v, c.v)}; }
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return {_mm256_max_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return {_mm256_min_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes maxBits(Lanes a, Lanes b) {
  return {_mm256_castsi256_ps(_mm256_max_epu32(_mm256_castps_si256(a.v), _mm256_castps_si256(b.v)))};
}

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_GT_OQ)}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q)}; }
// blendv looks at the sign bit alone, so the lanes with their signs flipped are the mask.
SOFTPLUS_INLINE Mask isSignClear(Lanes a) { return {_mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f))}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return _mm256_movemask_ps(m.v) == 0xff; }
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {_mm256_or_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator&(Mask a, Mask b) { return {_mm256_and_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Mask isNotAbove(Lanes a, float limit) {
  return {_mm256_cmp_ps(a.v, _mm256_set1_ps(limit), _CMP_NGT_UQ)};
}
SOFTPLUS_INLINE Mask isNotBelow(Mask m, Lanes a, float limit) {
  return m & Mask{_mm256_cmp_ps(a.v, _mm256_set1_ps(limit), _CMP_NLT_UQ)};
}
SOFTPLUS_INLINE Mask isWithin(Mask m, Lanes a, float low, float high) {
  return isNotBelow(m, a, low) & isNotAbove(a, high);
}
// Bit patterns of numbers below 0 grow with their magnitude. Subtracting the least moves the range to the smallest
// integers.
SOFTPLUS_INLINE Mask isBetween(Lanes a, float low, float high) {
  const auto bits = [](float v) { return _mm256_castps_si256(_mm256_set1_ps(v)); };
  const __m256i least = _mm256_xor_si256(bits(high), _mm256_set1_epi32(INT32_MIN));
  const __m256i above = _mm256_add_epi32(_mm256_sub_epi32(bits(low), least), _mm256_set1_epi32(1));
  return {_mm256_castsi256_ps(_mm256_cmpgt_epi32(above, _mm256_sub_epi32(_mm256_castps_si256(a.v), least)))};
}
SOFTPLUS_INLINE Lanes zeroWhere(Mask m, Lanes a) { return {_mm256_andnot_ps(m.v, a.v)}; }
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {_mm256_blendv_ps(no.v, yes.v, m.v)}; }

SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {_mm256_or_ps(a.v, _mm256_set1_ps(-0.0f))}; }
SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
// min keeps NaN, its second operand.
SOFTPLUS_INLINE Lanes withSignSet(Lanes a, float least) { return min(-least, withSignSet(a)); }
SOFTPLUS_INLINE Lanes timesSign(Lanes a, Lanes s) { return {_mm256_xor_ps(a.v, s.v)}; }

// NaN is the second operand of both. One operation each, where a blend takes three on Intel.
SOFTPLUS_INLINE Lanes withNaN(Lanes a, Lanes x) { return max(a, min(0.0f, x)); }
// A shift of the sign and an andnot: blendv takes three operations on Intel.
SOFTPLUS_INLINE Lanes zeroUnlessPositive(Lanes p, Lanes b) {
  const __m256 isNegative = _mm256_castsi256_ps(_mm256_srai_epi32(_mm256_castps_si256(p.v), 31));
  return {_mm256_andnot_ps(isNegative, b.v)};
}
SOFTPLUS_INLINE Lanes subtractIfPositive(Lanes a, Lanes p, Lanes b) { return a - zeroUnlessPositive(p, b); }
SOFTPLUS_INLINE Lanes addIfPositive(Lanes a, Lanes p, Lanes b) { return a + zeroUnlessPositive(p, b); }
SOFTPLUS_INLINE Lanes selectBySign(Lanes p, Lanes neg, Lanes pos) { return {_mm256_blendv_ps(pos.v, neg.v, p.v)}; }
SOFTPLUS_INLINE bool areBelow(Lanes a, Lanes b, float limit) {
  return areAll(maxBits(withSignSet(a), withSignSet(b)) > -limit);
}

SOFTPLUS_INLINE unsigned bitsOf(Mask m) { return static_cast<unsigned>(_mm256_movemask_ps(m.v)); }
SOFTPLUS_INLINE Lanes pack(unsigned bits, Lanes a) {
  const uint8_t* const shuffle = Packing<Lanes::count, 1>::of.shuffles[bits];
  const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(shuffle)));
  return {_mm256_permutevar8x32_ps(a.v, wide)};
}

SOFTPLUS_INLINE __m256i exponentOf(Lanes n) { return _mm256_slli_epi32(_mm256_castps_si256((n + 0x1.8p23f).v), 23); }
// The bits of a lower power are below 0.
SOFTPLUS_INLINE Lanes pow2(Lanes n) {
  const __m256i bits = _mm256_add_epi32(exponentOf(n), _mm256_castps_si256(_mm256_set1_ps(1.0f)));
  return {_mm256_castsi256_ps(_mm256_max_epi32(bits, _mm256_setzero_si256()))};
}

// Adds n to the exponent. Where the result is subnormal, adding 2^(-126 - n) to a rounds it to the unit of the
// subnormals. Of both results the right one is the larger, as an integer: a subnormal result is larger than a bit
// pattern whose exponent has run out, and 2^(-126 - n) at most doubles an a that is not below it. A multiplication
// gives the same results, but traps into microcode where they are subnormal.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const __m256i exponent = exponentOf(n);
  const __m256i normal = _mm256_add_epi32(_mm256_castps_si256(a.v), exponent);
  const __m256i unit = _mm256_sub_epi32(_mm256_set1_epi32(0x00800000), exponent);
  const __m256i rounded = _mm256_castps_si256(_mm256_add_ps(a.v, _mm256_castsi256_ps(unit)));
  return {_mm256_castsi256_ps(_mm256_max_epi32(normal, _mm256_sub_epi32(rounded, unit)))};
}

struct Wide {
  __m256d lo, hi;

  SOFTPLUS_INLINE Wide(__m256d low, __m256d high) : lo(low), hi(high) {}
  SOFTPLUS_INLINE Wide(double all) : Wide(_mm256_set1_pd(all), _mm256_set1_pd(all)) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return {_mm256_add_pd(a.lo, b.lo), _mm256_add_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return {_mm256_sub_pd(a.lo, b.lo), _mm256_sub_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return {_mm256_mul_pd(a.lo, b.lo), _mm256_mul_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return {_mm256_div_pd(a.lo, b.lo), _mm256_div_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) {
  const __m256d zero = _mm256_setzero_pd();
  return {_mm256_blendv_pd(no.lo, yes.lo, _mm256_cmp_pd(a.lo, zero, _CMP_EQ_OQ)),
          _mm256_blendv_pd(no.hi, yes.hi, _mm256_cmp_pd(a.hi, zero, _CMP_EQ_OQ))};
}
SOFTPLUS_INLINE Wide widen(Lanes a) {
  return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v)), _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))};
}
SOFTPLUS_INLINE Lanes narrow(Wide a) {
  return {_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(a.lo)), _mm256_cvtpd_ps(a.hi), 1)};
}
SOFTPLUS_INLINE Wide widePow2(Wide n) {
  const Wide biased = n + (0x1.8p52 + 1023.0);
  return {_mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(biased.lo), 52)),
          _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(biased.hi), 52))};
}

struct Split {
  Wide k, c;
};
SOFTPLUS_INLINE Split splitExponent(Wide a) {
  const __m256i offset = _mm256_set1_epi64x(0x3ff0000000000000 - 0x3fe6a09e00000000);
  const __m256i bias = _mm256_set1_epi64x(0x3ff0000000000000), magic = _mm256_set1_epi64x(0x4330000000000000);
  const auto split = [&](__m256d lanes, __m256d& k, __m256d& c) SOFTPLUS_INLINE_LAMBDA {
    const __m256i bits = _mm256_castpd_si256(lanes);
    const __m256i biased = _mm256_srli_epi64(_mm256_add_epi64(bits, offset), 52);
    k = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(biased, magic)), _mm256_set1_pd(0x1p52 + 1023.0));
    c = _mm256_castsi256_pd(_mm256_add_epi64(_mm256_sub_epi64(bits, _mm256_slli_epi64(biased, 52)), bias));
  };
  Split s{0.0, 0.0};
  split(a.lo, s.k.lo, s.c.lo);
  split(a.hi, s.k.hi, s.c.hi);
  return s;
}

struct Table {
  // The first eight rows as columns.
  struct Transposed {
    alignas(32) float column[8][8];
  };
  const float* rows;
  const Transposed* firstRows;

  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    static constexpr Transposed firstRows = transpose(rows);
    return {&rows[0][0], &firstRows};
  }
  static constexpr Transposed transpose(const float (&rows)[32][8]) {
    Transposed transposed{};
    for (int c = 0; c < 8; c++)
      for (int row = 0; row < 8; row++) transposed.column[c][row] = rows[row][c];
    return transposed;
  }
};

// Four columns of the eight rows at these offsets in bytes: a 4x4 transpose in each half of the registers.
struct FourColumns {
  Lanes c0, c1, c2, c3;
  SOFTPLUS_INLINE FourColumns(const char* table, const uint32_t* offsets) {
    const auto pair = [=](int i) SOFTPLUS_INLINE_LAMBDA {
      const __m128 lo = _mm_load_ps(reinterpret_cast<const float*>(table + offsets[i]));
      const __m128 hi = _mm_load_ps(reinterpret_cast<const float*>(table + offsets[i + 4]));
      return _mm256_insertf128_ps(_mm256_castps128_ps256(lo), hi, 1);
    };
    const __m256 r0 = pair(0), r1 = pair(1), r2 = pair(2), r3 = pair(3);
    const __m256d a01 = _mm256_castps_pd(_mm256_unpacklo_ps(r0, r1));
    const __m256d b01 = _mm256_castps_pd(_mm256_unpackhi_ps(r0, r1));
    const __m256d a23 = _mm256_castps_pd(_mm256_unpacklo_ps(r2, r3));
    const __m256d b23 = _mm256_castps_pd(_mm256_unpackhi_ps(r2, r3));
    c0 = _mm256_castpd_ps(_mm256_unpacklo_pd(a01, a23));
    c1 = _mm256_castpd_ps(_mm256_unpackhi_pd(a01, a23));
    c2 = _mm256_castpd_ps(_mm256_unpacklo_pd(b01, b23));
    c3 = _mm256_castpd_ps(_mm256_unpackhi_pd(b01, b23));
  }
};

// Offsets in bytes: the low five bits of z times 32.
struct RowOffsets {
  static constexpr bool areKept = true;
  static constexpr size_t capacity = 512;
  alignas(32) uint32_t offsets[capacity];

  SOFTPLUS_INLINE void keep(size_t i, Lanes z) {
    const __m256i row = _mm256_and_si256(_mm256_castps_si256(z.v), _mm256_set1_epi32(31));
    _mm256_store_si256(reinterpret_cast<__m256i*>(offsets + i), _mm256_slli_epi32(row, 5));
  }
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t i, Lanes) const {
    const char* rows = reinterpret_cast<const char*>(table.rows);
    const FourColumns a(rows, offsets + i), b(rows + 16, offsets + i);
    return {a.c0, a.c1, a.c2, a.c3, b.c0, b.c1, b.c2, b.c3};
  }
};

// A permutation takes the low three bits of z as the row.
struct FarRows {
  static constexpr bool areKept = false;
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t, Lanes z) const {
    const auto column = [&](int c) SOFTPLUS_INLINE_LAMBDA {
      return Lanes(_mm256_permutevar8x32_ps(_mm256_load_ps(table.firstRows->column[c]), _mm256_castps_si256(z.v)));
    };
    return {column(0), column(1), column(2), column(3), column(4), column(5), column(6), column(7)};
  }
};

struct Simd {
  using Lanes = avx2::Lanes;
  using Wide = avx2::Wide;
  using Table = avx2::Table;
  using RowOffsets = avx2::RowOffsets;
  using FarRows = avx2::FarRows;
  using HeldTable = void;
};

}  // namespace
}  // namespace softplus::avx2

namespace softplus {
namespace isa = avx2;
}
