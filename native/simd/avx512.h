// Sixteen float32 lanes in an AVX-512 register; contract.h explains the operations.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "contract.h"

namespace softplus::avx512 {
namespace {

struct Mask {
  __mmask16 v;
};

struct Lanes {
  static constexpr size_t count = 16;
  static constexpr bool arePaired = true;
  static constexpr bool areWhole = false;
  __m512 v;

  Lanes() = default;
  SOFTPLUS_INLINE Lanes(__m512 lanes) : v(lanes) {}
  SOFTPLUS_INLINE Lanes(float all) : v(_mm512_set1_ps(all)) {}

  static SOFTPLUS_INLINE Lanes load(const float* from) { return {_mm512_loadu_ps(from)}; }
  static SOFTPLUS_INLINE Lanes loadFirst(const float* from, size_t n) {
    return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from)};
  }
  SOFTPLUS_INLINE void store(float* to) const { _mm512_storeu_ps(to, v); }
  SOFTPLUS_INLINE void storeFirst(float* to, size_t n) const {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), v);
  }
  static SOFTPLUS_INLINE void prefetch(const void* from) { _mm_prefetch(static_cast<const char*>(from), _MM_HINT_T0); }
  SOFTPLUS_INLINE void stream(float* to) const { _mm512_stream_ps(to, v); }
  static SOFTPLUS_INLINE void fence() { _mm_sfence(); }
};

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
SOFTPLUS_INLINE Lanes max(Lanes a, Lanes b) { return {_mm512_max_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes min(Lanes a, Lanes b) { return {_mm512_min_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes maxBits(Lanes a, Lanes b) {
  return {_mm512_castsi512_ps(_mm512_max_epu32(_mm512_castps_si512(a.v), _mm512_castps_si512(b.v)))};
}

SOFTPLUS_INLINE Mask operator<(Lanes a, Lanes b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
SOFTPLUS_INLINE Mask operator>(Lanes a, Lanes b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_GT_OQ)}; }
SOFTPLUS_INLINE Mask isNaN(Lanes a) { return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)}; }
SOFTPLUS_INLINE Mask isSignClear(Lanes a) {
  return {_mm512_testn_epi32_mask(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MIN))};
}
SOFTPLUS_INLINE Mask operator|(Mask a, Mask b) { return {_kor_mask16(a.v, b.v)}; }
SOFTPLUS_INLINE Mask operator&(Mask a, Mask b) { return {_kand_mask16(a.v, b.v)}; }
SOFTPLUS_INLINE bool areAll(Mask m) { return _kortestc_mask16_u8(m.v, m.v); }
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {_mm512_mask_blend_ps(m.v, no.v, yes.v)}; }

SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {_mm512_or_ps(a.v, _mm512_set1_ps(-0.0f))}; }
SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v)}; }

SOFTPLUS_INLINE Lanes pow2(Lanes n) { return {_mm512_scalef_ps(_mm512_set1_ps(1.0f), n.v)}; }

// Adds n to the exponent. Where the result is subnormal, adding 2^(-126 - n) to a rounds it to the unit of the
// subnormals. _mm512_scalef_ps gives the same results, but Intel's processors trap into microcode for every vector with
// a subnormal.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512((n + 0x1.8p23f).v), 23);
  const __m512i normal = _mm512_add_epi32(_mm512_castps_si512(a.v), exponent);
  const __m512i unit = _mm512_sub_epi32(_mm512_set1_epi32(0x00800000), exponent);
  const __m512i rounded = _mm512_castps_si512(_mm512_add_ps(a.v, _mm512_castsi512_ps(unit)));
  const __mmask16 isSubnormal = _mm512_cmplt_epi32_mask(normal, _mm512_set1_epi32(0x00800000));
  return {_mm512_castsi512_ps(_mm512_mask_sub_epi32(normal, isSubnormal, rounded, unit))};
}

struct Wide {
  __m512d lo, hi;

  SOFTPLUS_INLINE Wide(__m512d low, __m512d high) : lo(low), hi(high) {}
  SOFTPLUS_INLINE Wide(double all) : Wide(_mm512_set1_pd(all), _mm512_set1_pd(all)) {}
};

SOFTPLUS_INLINE Wide operator+(Wide a, Wide b) { return {_mm512_add_pd(a.lo, b.lo), _mm512_add_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator-(Wide a, Wide b) { return {_mm512_sub_pd(a.lo, b.lo), _mm512_sub_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator*(Wide a, Wide b) { return {_mm512_mul_pd(a.lo, b.lo), _mm512_mul_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide operator/(Wide a, Wide b) { return {_mm512_div_pd(a.lo, b.lo), _mm512_div_pd(a.hi, b.hi)}; }
SOFTPLUS_INLINE Wide selectWhereZero(Wide a, Wide yes, Wide no) {
  const __m512d zero = _mm512_setzero_pd();
  return {_mm512_mask_blend_pd(_mm512_cmp_pd_mask(a.lo, zero, _CMP_EQ_OQ), no.lo, yes.lo),
          _mm512_mask_blend_pd(_mm512_cmp_pd_mask(a.hi, zero, _CMP_EQ_OQ), no.hi, yes.hi)};
}
SOFTPLUS_INLINE Wide widen(Lanes a) {
  return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v)), _mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))};
}
SOFTPLUS_INLINE Lanes narrow(Wide a) {
  const __m512 lo = _mm512_castps256_ps512(_mm512_cvtpd_ps(a.lo));
  return {_mm512_insertf32x8(lo, _mm512_cvtpd_ps(a.hi), 1)};
}
SOFTPLUS_INLINE Wide widePow2(Wide n) {
  const __m512d one = _mm512_set1_pd(1.0);
  return {_mm512_scalef_pd(one, n.lo), _mm512_scalef_pd(one, n.hi)};
}

struct Split {
  Wide k, c;
};
SOFTPLUS_INLINE Split splitExponent(Wide a) {
  const __m512i offset = _mm512_set1_epi64(0x3ff0000000000000 - 0x3fe6a09e00000000);
  const __m512i bias = _mm512_set1_epi64(0x3ff0000000000000), magic = _mm512_set1_epi64(0x4330000000000000);
  const auto split = [&](__m512d lanes, __m512d& k, __m512d& c) SOFTPLUS_INLINE_LAMBDA {
    const __m512i bits = _mm512_castpd_si512(lanes);
    const __m512i biased = _mm512_srli_epi64(_mm512_add_epi64(bits, offset), 52);
    k = _mm512_sub_pd(_mm512_castsi512_pd(_mm512_or_si512(biased, magic)), _mm512_set1_pd(0x1p52 + 1023.0));
    c = _mm512_castsi512_pd(_mm512_add_epi64(_mm512_sub_epi64(bits, _mm512_slli_epi64(biased, 52)), bias));
  };
  Split s{0.0, 0.0};
  split(a.lo, s.k.lo, s.c.lo);
  split(a.hi, s.k.hi, s.c.hi);
  return s;
}

// The table as columns of two registers each. The permutation takes the low five bits of z as the row. The eighth
// column is not stored: it is in the low 16 bits of the seventh.
struct Table {
  struct Transposed {
    alignas(64) float column[7][32];
  };
  const Transposed& transposed;

  template <const float (&rows)[32][8]>
  static SOFTPLUS_INLINE Table of() {
    static constexpr Transposed transposed = transpose(rows);
    return {transposed};
  }
  static constexpr Transposed transpose(const float (&rows)[32][8]) {
    Transposed transposed{};
    for (int c = 0; c < 7; c++)
      for (int row = 0; row < 32; row++) transposed.column[c][row] = rows[row][c];
    return transposed;
  }
  SOFTPLUS_INLINE Lanes column(int c, Lanes z) const {
    const __m512 lo = _mm512_load_ps(transposed.column[c]), hi = _mm512_load_ps(transposed.column[c] + 16);
    return {_mm512_permutex2var_ps(lo, _mm512_castps_si512(z.v), hi)};
  }
};

// Nothing is kept, because the permutation takes z itself.
struct RowOffsets {
  static constexpr bool areKept = false;
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t, Lanes z) const {
    const Lanes c6 = table.column(6, z);
    const Lanes low = {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(c6.v), 16))};
    return {table.column(0, z),
            table.column(1, z),
            table.column(2, z),
            table.column(3, z),
            table.column(4, z),
            table.column(5, z),
            c6,
            low};
  }
};

struct Simd {
  using Lanes = avx512::Lanes;
  using Wide = avx512::Wide;
  using Table = avx512::Table;
  using RowOffsets = avx512::RowOffsets;
};

}  // namespace
}  // namespace softplus::avx512

namespace softplus {
namespace isa = avx512;
}
