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
  static SOFTPLUS_INLINE size_t countOf(unsigned bits) { return static_cast<size_t>(_mm_popcnt_u32(bits)); }
};

SOFTPLUS_INLINE Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
SOFTPLUS_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
SOFTPLUS_INLINE Lanes fms(Lanes a, Lanes b, Lanes c) { return {_mm512_fmsub_ps(a.v, b.v, c.v)}; }
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
SOFTPLUS_INLINE Mask isNotAbove(Lanes a, float limit) {
  return {_mm512_cmp_ps_mask(a.v, _mm512_set1_ps(limit), _CMP_NGT_UQ)};
}
SOFTPLUS_INLINE Mask isNotBelow(Mask m, Lanes a, float limit) {
  return {_mm512_mask_cmp_ps_mask(m.v, a.v, _mm512_set1_ps(limit), _CMP_NLT_UQ)};
}
SOFTPLUS_INLINE Mask isWithin(Mask m, Lanes a, float low, float high) {
  return {_mm512_mask_cmp_ps_mask(isNotBelow(m, a, low).v, a.v, _mm512_set1_ps(high), _CMP_NGT_UQ)};
}
SOFTPLUS_INLINE Mask isBetween(Lanes a, float low, float high) {
  const __mmask16 isHighEnough = _mm512_cmp_ps_mask(a.v, _mm512_set1_ps(low), _CMP_GE_OQ);
  return {_mm512_mask_cmp_ps_mask(isHighEnough, a.v, _mm512_set1_ps(high), _CMP_LE_OQ)};
}
SOFTPLUS_INLINE Lanes zeroWhere(Mask m, Lanes a) { return {_mm512_maskz_mov_ps(_knot_mask16(m.v), a.v)}; }
SOFTPLUS_INLINE Lanes select(Mask m, Lanes yes, Lanes no) { return {_mm512_mask_blend_ps(m.v, no.v, yes.v)}; }

SOFTPLUS_INLINE Lanes withSignSet(Lanes a) { return {_mm512_or_ps(a.v, _mm512_set1_ps(-0.0f))}; }
SOFTPLUS_INLINE Lanes withSignClear(Lanes a) { return {_mm512_andnot_ps(_mm512_set1_ps(-0.0f), a.v)}; }
// The larger magnitude (3) with its sign set (3 << 2), in one instruction.
SOFTPLUS_INLINE Lanes withSignSet(Lanes a, float least) {
  return {_mm512_range_ps(a.v, _mm512_set1_ps(least), 3 | 3 << 2)};
}
SOFTPLUS_INLINE Lanes timesSign(Lanes a, Lanes s) { return {_mm512_xor_ps(a.v, s.v)}; }

SOFTPLUS_INLINE Lanes withNaN(Lanes a, Lanes x) { return select(isNaN(x), x, a); }
SOFTPLUS_INLINE Lanes subtractIfPositive(Lanes a, Lanes p, Lanes b) {
  return {_mm512_mask_sub_ps(a.v, isSignClear(p).v, a.v, b.v)};
}
SOFTPLUS_INLINE Lanes addIfPositive(Lanes a, Lanes p, Lanes b) {
  return {_mm512_mask_add_ps(a.v, isSignClear(p).v, a.v, b.v)};
}
SOFTPLUS_INLINE Lanes selectBySign(Lanes p, Lanes neg, Lanes pos) { return select(isSignClear(p), pos, neg); }
// The range's larger magnitude drops NaN, which the comparison for order finds.
SOFTPLUS_INLINE bool areBelow(Lanes a, Lanes b, float limit) {
  const __m512 larger = _mm512_range_ps(a.v, b.v, 3 | 3 << 2);
  const __mmask16 areOrdered = _mm512_cmp_ps_mask(a.v, b.v, _CMP_ORD_Q);
  return areAll({_mm512_mask_cmp_ps_mask(areOrdered, larger, _mm512_set1_ps(-limit), _CMP_GT_OQ)});
}

SOFTPLUS_INLINE unsigned bitsOf(Mask m) { return _cvtmask16_u32(m.v); }
SOFTPLUS_INLINE Lanes pack(unsigned bits, Lanes a) { return {_mm512_maskz_compress_ps(_cvtu32_mask16(bits), a.v)}; }
SOFTPLUS_INLINE void unpack(unsigned bits, Lanes packed, float* to) {
  const __mmask16 lanes = _cvtu32_mask16(bits);
  _mm512_mask_storeu_ps(to, lanes, _mm512_maskz_expand_ps(lanes, packed.v));
}

SOFTPLUS_INLINE __m512i exponentOf(Lanes n) { return _mm512_slli_epi32(_mm512_castps_si512((n + 0x1.8p23f).v), 23); }
SOFTPLUS_INLINE Lanes pow2(Lanes n) {
  const __m512i bits = _mm512_add_epi32(exponentOf(n), _mm512_castps_si512(_mm512_set1_ps(1.0f)));
  return {_mm512_castsi512_ps(_mm512_max_epi32(bits, _mm512_setzero_si512()))};
}

// avx2.h explains the steps. _mm512_scalef_ps gives the same results, but Intel's processors trap into microcode for
// every vector with a subnormal.
SOFTPLUS_INLINE Lanes scale(Lanes a, Lanes n) {
  const __m512i exponent = exponentOf(n);
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

// A column of a table. The permutation takes the low five bits of z as the row.
struct Column {
  __m512 lo, hi;
  SOFTPLUS_INLINE Lanes at(Lanes z) const { return {_mm512_permutex2var_ps(lo, _mm512_castps_si512(z.v), hi)}; }
};

// The table as columns. The eighth is not stored: it is in the low 16 bits of the seventh.
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
  SOFTPLUS_INLINE Column column(int c) const {
    return {_mm512_load_ps(transposed.column[c]), _mm512_load_ps(transposed.column[c] + 16)};
  }
};

struct HeldTable {
  Column c0, c1, c2, c3, c4, c5, c6;

  SOFTPLUS_INLINE explicit HeldTable(const Table& table)
      : c0(held(table, 0)),
        c1(held(table, 1)),
        c2(held(table, 2)),
        c3(held(table, 3)),
        c4(held(table, 4)),
        c5(held(table, 5)),
        c6(held(table, 6)) {}
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table&, size_t, Lanes z) const {
    const Lanes last = c6.at(z);
    const Lanes low = {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(last.v), 16))};
    return {c0.at(z), c1.at(z), c2.at(z), c3.at(z), c4.at(z), c5.at(z), last, low};
  }

 private:
  // Hides where the column is from: compilers would load it anew in every iteration of a loop.
  static SOFTPLUS_INLINE Column held(const Table& table, int c) {
    __m512 lo = table.column(c).lo, hi = table.column(c).hi;
#if !defined(_MSC_VER) || defined(__clang__)
    __asm__("" : "+v"(lo), "+v"(hi));
#endif
    return {lo, hi};
  }
};

// Nothing is kept, because the permutation takes z itself.
struct RowOffsets {
  static constexpr bool areKept = false;
  // Where lanes are packed, blocks of 1024 elements take 1.03 times as long.
  static constexpr size_t capacity = 2048;
  SOFTPLUS_INLINE Coefficients<Lanes> lookup(const Table& table, size_t, Lanes z) const {
    const Lanes last = table.column(6).at(z);
    const Lanes low = {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(last.v), 16))};
    return {table.column(0).at(z),
            table.column(1).at(z),
            table.column(2).at(z),
            table.column(3).at(z),
            table.column(4).at(z),
            table.column(5).at(z),
            last,
            low};
  }
};

struct Simd {
  using Lanes = avx512::Lanes;
  using Wide = avx512::Wide;
  using Table = avx512::Table;
  using RowOffsets = avx512::RowOffsets;
  using FarRows = avx512::RowOffsets;
  using HeldTable = avx512::HeldTable;
};

}  // namespace
}  // namespace softplus::avx512

namespace softplus {
namespace isa = avx512;
}
