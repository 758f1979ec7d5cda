// Every operation of the contract in native/simd/contract.h, compared with C++'s arithmetic on single floats; and
// native/backends/packed.h, which rests on two of them.
//
// Built once for each instruction set: SOFTPLUS_SIMD names its header. Exit code 1 if a check fails, 77 if this CPU
// cannot run the instruction set.
#include SOFTPLUS_SIMD

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <type_traits>

#include "../backends/packed.h"
#include "../functions/cells.h"

namespace {

using namespace softplus::isa;
using softplus::Coefficients;
using softplus::PackedLanes;

int failures = 0;

uint32_t bits(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}

void expect(const char* what, float got, float want) {
  if (bits(got) == bits(want) || (std::isnan(got) && std::isnan(want))) return;
  std::fprintf(stderr, "%s: got %a, want %a\n", what, static_cast<double>(got), static_cast<double>(want));
  failures++;
}

void expect(const char* what, bool got, bool want) { expect(what, got ? 1.0f : 0.0f, want ? 1.0f : 0.0f); }

constexpr float infinity = std::numeric_limits<float>::infinity();
const float nan = std::numeric_limits<float>::quiet_NaN();
const float values[] = {0.0f,  -0.0f,  1.0f,    -1.0f,   0x1p-149f, -0x1p-149f, 0x1.fffffep-127f, 0x1p-126f,
                        1.5f,  -2.75f, 14.75f,  -14.75f, 0x1.8p22f, 3.4e38f,    -3.4e38f,         infinity,
                        1e-9f, 0.1f,   -104.5f, 1e9f,    -1e9f,     0x1p-126f,  -infinity,        nan};

// wasi-libc's fmaf rounds twice. long double is binary128 there, which is precise enough for every sum of this test.
float exactFma(float a, float b, float c) {
#if defined(__wasm__)
  return static_cast<float>(static_cast<long double>(a) * b + c);
#else
  return std::fma(a, b, c);
#endif
}

// Whether fma is computed in binary64, with the limit that scalar.h states.
#if defined(__wasm__) && !defined(__wasm_relaxed_simd__)
constexpr bool isFmaLimited = true;
#else
constexpr bool isFmaLimited = Lanes::count == 1;
#endif

// Calls check(lane, a, b) where lanes hold different pairs at once.
template <class Operation, class Check>
void forPairs(Operation operation, Check check) {
  constexpr size_t n = sizeof values / sizeof *values;
  for (size_t shift = 0; shift < n; shift++) {
    for (size_t start = 0; start < n; start++) {
      float a[Lanes::count], b[Lanes::count], y[Lanes::count];
      for (size_t i = 0; i < Lanes::count; i++) a[i] = values[(start + i) % n], b[i] = values[(start + i + shift) % n];
      operation(Lanes::load(a), Lanes::load(b)).store(y);
      for (size_t i = 0; i < Lanes::count; i++) check(y[i], a[i], b[i]);
    }
  }
}

// Sums near the subnormals. Many lie so close to halfway between two floats that rounding to binary64 moves them onto
// it. An fma with a limit is compared where it is exact: for normal results, and for sums that binary64 holds.
void testSmallFma() {
  uint64_t state = 0x9e3779b97f4a7c15u;
  const auto next = [&](uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  int compared = 0;
  for (int round = 0; round < 200000; round++) {
    float a[Lanes::count], b[Lanes::count], c[Lanes::count], y[Lanes::count];
    for (size_t i = 0; i < Lanes::count; i++) {
      const float off = static_cast<float>(next(4)) * 0x1p-23f;
      a[i] = std::ldexp(1.0f + off, -75);
      b[i] = std::ldexp(next(2) ? 1.0f - off : 1.0f + off, -75 + static_cast<int>(next(30)));
      c[i] = next(4) == 0 ? 0.0f : std::ldexp(static_cast<float>(next(1 << 24)), -149 + static_cast<int>(next(4)));
      if (next(2)) c[i] = -c[i];
    }
    fma(Lanes::load(a), Lanes::load(b), Lanes::load(c)).store(y);
    for (size_t i = 0; i < Lanes::count; i++) {
      const float want = exactFma(a[i], b[i], c[i]);
      const double product = static_cast<double>(a[i]) * static_cast<double>(b[i]),
                   sum = product + static_cast<double>(c[i]);
      const bool isExact = sum - static_cast<double>(c[i]) == product && sum - product == static_cast<double>(c[i]);
      if (isFmaLimited && std::fabs(want) < 0x1p-126f && !isExact) continue;
      expect("fma of small floats", y[i], want);
      compared++;
    }
  }
  expect("fma of small floats was compared", compared > 50000, true);
}

void testArithmetic() {
  forPairs([](Lanes a, Lanes b) { return a + b; }, [](float y, float a, float b) { expect("+", y, a + b); });
  forPairs([](Lanes a, Lanes b) { return a - b; }, [](float y, float a, float b) { expect("-", y, a - b); });
  forPairs([](Lanes a, Lanes b) { return a * b; }, [](float y, float a, float b) { expect("*", y, a * b); });
  forPairs([](Lanes a, Lanes b) { return fma(a, b, 0x1.000002p-3f); },
           [](float y, float a, float b) { expect("fma", y, exactFma(a, b, 0x1.000002p-3f)); });
  forPairs([](Lanes a, Lanes b) { return fms(a, b, 0x1.000002p-3f); },
           [](float y, float a, float b) { expect("fms", y, exactFma(a, b, -0x1.000002p-3f)); });
  // 2^-70 below halfway between two floats: binary64 rounds it to halfway, and a second rounding goes the wrong way.
  const Lanes a = 0x1.000002p0f, b = 0x1.fffffcp-25f, c = 0x1.000002p0f;
  float y[Lanes::count];
  fma(a, b, c).store(y);
  expect("fma beyond binary64", y[0], 0x1.000002p0f);
  fma(withSignSet(a), b, withSignSet(c)).store(y);
  expect("fma beyond binary64", y[0], -0x1.000002p0f);
  testSmallFma();
}

void testComparisons() {
  forPairs([](Lanes a, Lanes b) { return select(a < b, 1.0f, 2.0f); },
           [](float y, float a, float b) { expect("<", y, a < b ? 1.0f : 2.0f); });
  forPairs([](Lanes a, Lanes b) { return select(a > b, a, b); },
           [](float y, float a, float b) { expect(">", y, a > b ? a : b); });
  forPairs([](Lanes a, Lanes b) { return select((a < b) | (b > a), a, b); },
           [](float y, float a, float b) { expect("|", y, a < b ? a : b); });
  forPairs([](Lanes a, Lanes b) { return select((a < b) & (a < 1.0f), a, b); },
           [](float y, float a, float b) { expect("&", y, a < b && a < 1.0f ? a : b); });
  forPairs([](Lanes a, Lanes b) { return select(isNaN(a), 1.0f, b); },
           [](float y, float a, float b) { expect("isNaN", y, a != a ? 1.0f : b); });
  forPairs([](Lanes a, Lanes b) { return select(isSignClear(a), b, 0.5f); },
           [](float y, float a, float b) { expect("isSignClear", y, std::signbit(a) ? 0.5f : b); });
  forPairs([](Lanes a, Lanes) { return withSignSet(a); },
           [](float y, float a, float) { expect("withSignSet", y, -std::fabs(a)); });
  forPairs([](Lanes a, Lanes) { return withSignSet(a, 0.25f); },
           [](float y, float a, float) {
             if (!std::isnan(a)) expect("withSignSet with a least", y, -std::max(std::fabs(a), 0.25f));
           });
  forPairs([](Lanes a, Lanes b) { return timesSign(a, select(isSignClear(b), 0.0f, -0.0f)); },
           [](float y, float a, float b) { expect("timesSign", y, std::signbit(b) ? -a : a); });
  forPairs([](Lanes a, Lanes) { return withSignClear(a); },
           [](float y, float a, float) { expect("withSignClear", y, std::fabs(a)); });
  forPairs([](Lanes a, Lanes) { return withSignSet(a, 0x1p-60f); },
           [](float y, float a, float) {
             if (!std::isnan(a) || !std::isnan(y))
               expect("withSignSet with a least", y, std::fabs(a) > 0x1p-60f ? -std::fabs(a) : -0x1p-60f);
           });
  forPairs([](Lanes a, Lanes b) { return subtractIfPositive(a, b, 0.5f); },
           [](float y, float a, float b) { expect("subtractIfPositive", y, std::signbit(b) ? a : a - 0.5f); });
  forPairs([](Lanes a, Lanes b) { return selectBySign(a, b, 0.5f); },
           [](float y, float a, float b) { expect("selectBySign", y, std::signbit(a) ? b : 0.5f); });
  forPairs([](Lanes a, Lanes b) { return zeroWhere(a < b, a); },
           [](float y, float a, float b) { expect("zeroWhere", y, a < b ? 0.0f : a); });
  forPairs([](Lanes a, Lanes b) { return withNaN(select(a > 0.0f, a, 1.0f), b); },
           [](float y, float a, float b) {
             expect("withNaN", y, std::isnan(b) ? b : a > 0 ? a : 1.0f);
           });
  forPairs([](Lanes a, Lanes b) { return select(isNotAbove(a, -14.75f), a, b); },
           [](float y, float a, float b) { expect("isNotAbove", y, a > -14.75f ? b : a); });
  forPairs([](Lanes a, Lanes b) { return select(isNotBelow(a < b, a, -104.5f), 1.0f, 2.0f); },
           [](float y, float a, float b) { expect("isNotBelow", y, a < b && !(a < -104.5f) ? 1.0f : 2.0f); });
  forPairs([](Lanes a, Lanes b) { return select(isNotBelow(isNaN(a), a, -104.5f), 1.0f, b); },
           [](float y, float a, float b) { expect("isNotBelow of NaN", y, std::isnan(a) ? 1.0f : b); });
  forPairs(
      [](Lanes a, Lanes b) { return select(isWithin(a < b, a, -104.5f, 14.75f), 1.0f, 2.0f); },
      [](float y, float a, float b) { expect("isWithin", y, a < b && !(a < -104.5f) && !(a > 14.75f) ? 1.0f : 2.0f); });
  forPairs([](Lanes a, Lanes b) { return select(isWithin(isNaN(a), a, -104.5f, 14.75f), 1.0f, b); },
           [](float y, float a, float b) { expect("isWithin of NaN", y, std::isnan(a) ? 1.0f : b); });
  forPairs([](Lanes a, Lanes) { return select(isBetween(a, -104.5f, -14.75f), 1.0f, 2.0f); },
           [](float y, float a, float) { expect("isBetween", y, a >= -104.5f && a <= -14.75f ? 1.0f : 2.0f); });
  // The first operand is a constant: it must not be NaN, and not a zero where the second is one.
  forPairs([](Lanes, Lanes b) { return max(-104.5f, b); },
           [](float y, float, float b) { expect("max", y, b > -104.5f || std::isnan(b) ? b : -104.5f); });
  forPairs([](Lanes, Lanes b) { return min(-1.0f, b); },
           [](float y, float, float b) { expect("min", y, b < -1.0f || std::isnan(b) ? b : -1.0f); });
}

void testMasks() {
  for (size_t odd = 0; odd <= Lanes::count; odd++) {
    float a[Lanes::count];
    for (size_t i = 0; i < Lanes::count; i++) a[i] = i == odd ? 20.0f : 1.0f;
    const Mask isSmall = Lanes::load(a)<2.0f, isLarge = Lanes::load(a)> 0.5f;
    expect("areAll", areAll(isSmall), odd == Lanes::count);
    expect("areAll where all are", areAll(isLarge), true);
    expect("areAll of &", areAll(isSmall & isLarge), odd == Lanes::count);
    expect("areAll of |", areAll(isSmall | isLarge), true);
    expect("areAll of isSignClear", areAll(isSignClear(Lanes::load(a) - 1.0f)), true);
    expect("areAll of isSignClear and <", areAll(isSignClear(Lanes::load(a)) & isSmall), odd == Lanes::count);
    expect("areAll of isNaN", areAll(isNaN(Lanes::load(a))), false);
  }
}

void testAreBelow() {
  for (size_t odd = 0; odd <= Lanes::count; odd++) {
    for (const float value : {14.75f, -14.75f, infinity, -infinity, nan, -nan}) {
      float a[Lanes::count], b[Lanes::count];
      for (size_t i = 0; i < Lanes::count; i++) a[i] = i == odd ? value : i % 2 ? -14.5f : 14.5f, b[i] = -0.0f;
      expect("areBelow", areBelow(Lanes::load(a), Lanes::load(b), 14.75f), odd == Lanes::count);
      expect("areBelow", areBelow(Lanes::load(b), Lanes::load(a), 14.75f), odd == Lanes::count);
    }
  }
}

// Every set of lanes; with 16 lanes 1 in 37 of them.
void testPacking() {
  constexpr unsigned sets = 1u << Lanes::count;
  for (unsigned set = 0; set<sets; set += sets> 256 ? 37 : 1) {
    float a[Lanes::count], y[3 * Lanes::count];
    for (size_t i = 0; i < Lanes::count; i++) a[i] = (set >> i & 1 ? 1.0f : -1.0f) * static_cast<float>(i + 1);
    const unsigned bits = bitsOf(Lanes::load(a) > 0.0f);
    expect("bitsOf", bits == set, true);
    // The lanes of the set are taken from two vectors of three, and put back.
    PackedLanes<Lanes, 3 * Lanes::count> packed;
    packed.clear();
    const size_t once = packed.add(0, 0, Lanes::load(a), bits);
    const size_t twice = packed.add(once, 2 * Lanes::count, Lanes::load(a), bits);
    size_t count = 0;
    for (size_t i = 0; i < Lanes::count; i++)
      if (set >> i & 1) expect("pack", packed.lanes[count++], a[i]);
    expect("countOf", Lanes::countOf(bits) == count && once == count && twice == 2 * count, true);
    for (float& each : y) each = nan;
    packed.putBack(twice, y, 3 * Lanes::count);
    for (size_t i = 0; i < 3 * Lanes::count; i++) {
      const size_t lane = i % Lanes::count;
      const bool isPacked = i / Lanes::count != 1 && (set >> lane & 1);
      expect("putBack", y[i], isPacked ? a[lane] : nan);
    }
  }
}

// The way a block looks for far lanes: NaN must be found whatever comes before or after it.
void testMaxBits() {
  forPairs([](Lanes a, Lanes b) { return maxBits(a, b); },
           [](float y, float a, float b) { expect("maxBits", y, bits(a) > bits(b) ? a : b); });
  for (size_t odd = 0; odd <= Lanes::count; odd++) {
    for (const float value : {14.75f, -14.75f, infinity, -infinity, nan, -nan}) {
      float a[Lanes::count];
      for (size_t i = 0; i < Lanes::count; i++) a[i] = i == odd ? value : -14.5f;
      const Lanes seen = maxBits(maxBits(0.0f, withSignClear(Lanes::load(a))), 1.0f);
      expect("largest magnitude", areAll(seen < 14.75f), odd == Lanes::count);
    }
  }
}

void testPowers() {
  float y[Lanes::count];
  for (int n = -126; n <= 127; n++) {
    pow2(static_cast<float>(n)).store(y);
    expect("pow2", y[0], std::ldexp(1.0f, n));
  }
  for (int n = -380; n <= -127; n++) {
    pow2(static_cast<float>(n)).store(y);
    expect("pow2 of less", y[0] >= 0.0f && y[0] <= 0x1p-126f, true);
  }
  for (int n = -149; n <= 0; n++) {
    scale(0.0f, static_cast<float>(n)).store(y);
    expect("scale of 0", y[0], 0.0f);
    for (float a = 0x1p-21f; a < 0x1p-18f; a *= 1.01f) {
      scale(a, static_cast<float>(n)).store(y);
      expect("scale", y[0], std::ldexp(a, n));
      // Ties go to the even one.
      scale(std::ldexp(std::rint(std::ldexp(a, 40)) + 0.5f, -40), static_cast<float>(n)).store(y);
      expect("scale of a tie", y[0], std::ldexp(std::ldexp(std::rint(std::ldexp(a, 40)) + 0.5f, -40), n));
    }
  }
}

void testWide() {
  forPairs([](Lanes a, Lanes b) { return narrow((widen(a) + widen(b)) * Wide(0.3) - widen(b)); },
           [](float y, float a, float b) {
             const double wide = (static_cast<double>(a) + static_cast<double>(b)) * 0.3 - static_cast<double>(b);
             expect("wide", y, static_cast<float>(wide));
           });
  for (int n = -1022; n <= 1022; n++) {
    float y[Lanes::count];
    narrow(widePow2(widen(static_cast<float>(n))) * Wide(std::ldexp(1.0, -n))).store(y);
    expect("widePow2", y[0], 1.0f);
  }
}

void testSelectWhereZero() {
  forPairs([](Lanes a, Lanes b) { return narrow(selectWhereZero(widen(a), widen(b), Wide(0.5))); },
           [](float y, float a, float b) { expect("selectWhereZero", y, a == 0 ? b : 0.5f); });
}

void testSplitExponent() {
  for (int n = -290; n <= 40; n++) {
    for (const float a : {1.0f, 1.25f, 1.4142f, 1.4143f, 1.999f}) {
      const auto [k, c] = splitExponent(widen(a) * widePow2(widen(static_cast<float>(n))));
      float exponent[Lanes::count], rest[Lanes::count];
      narrow(k).store(exponent);
      narrow(c).store(rest);
      const bool above = a > 1.41421f;
      expect("exponent", exponent[0], static_cast<float>(above ? n + 1 : n));
      expect("significand", rest[Lanes::count - 1], above ? a / 2 : a);
    }
  }
  float y[Lanes::count];
  narrow(widen(1.0f) / widen(3.0f)).store(y);
  expect("/", y[0], static_cast<float>(1.0 / 3.0));
}

void testMemory() {
  for (size_t n = 1; n <= Lanes::count; n++) {
    float from[Lanes::count + 1], to[Lanes::count + 1];
    for (size_t i = 0; i <= Lanes::count; i++) from[i] = static_cast<float>(i + 1), to[i] = -7.0f;
    if (n < Lanes::count)
      Lanes::loadFirst(from, n).storeFirst(to, n);
    else
      Lanes::load(from).store(to);
    for (size_t i = 0; i <= Lanes::count; i++) expect("first lanes", to[i], i < n ? from[i] : -7.0f);
    if (n == Lanes::count) continue;
    Lanes::loadFirst(from, n).store(to);
    for (size_t i = 0; i < Lanes::count; i++) expect("loadFirst", to[i], i < n ? from[i] : 0.0f);
  }
  alignas(64) float past[Lanes::count + 1];
  float from[Lanes::count];
  for (size_t i = 0; i < Lanes::count; i++) from[i] = static_cast<float>(i + 1);
  past[Lanes::count] = -7.0f;
  Lanes::prefetch(from);
  Lanes::load(from).stream(past);
  Lanes::fence();
  for (size_t i = 0; i <= Lanes::count; i++) expect("stream", past[i], i < Lanes::count ? from[i] : -7.0f);
}

template <class Offsets>
auto lookupAt(Offsets& rows, const Table& table, size_t i, Lanes z) {
  if constexpr (Offsets::areKept) rows.keep(i, z);
  return rows.lookup(table, i, z);
}

// The lanes of n are multiples of 1/2.
void expectRows(const Coefficients<Lanes>& c, const float* n) {
  const Lanes columns[8] = {c.c0, c.c1, c.c2, c.c3, c.c4, c.c5, c.c6, c.low};
  for (int column = 0; column < 8; column++) {
    float y[Lanes::count];
    columns[column].store(y);
    for (size_t i = 0; i < Lanes::count; i++) {
      const int row = static_cast<int>(2 * n[i]) & 31;
      expect("lookup", y[i], softplus::derivativeCells[row][column]);
    }
  }
}

template <class S>
void expectHeldRows(const Table& table, Lanes z, const float* n) {
  if constexpr (!std::is_void_v<typename S::HeldTable>) expectRows(typename S::HeldTable(table).lookup(table, 0, z), n);
}

void testLookup() {
  const Table table = Table::of<softplus::derivativeCells>();
  float n[Lanes::count];
  RowOffsets rows;
  for (int start = 0; start < 32; start++) {
    for (size_t i = 0; i < Lanes::count; i++) n[i] = -0.5f * static_cast<float>((start + static_cast<int>(i)) % 32);
    const Lanes z = Lanes::load(n) + 0x1.8p22f;
    for (const size_t at : {size_t{0}, RowOffsets::capacity - Lanes::count})
      expectRows(lookupAt(rows, table, at, z), n);
    expectHeldRows<Simd>(table, z, n);
    for (size_t i = 0; i < Lanes::count; i++)
      n[i] = -14.0f - 0.5f * static_cast<float>((start + static_cast<int>(i)) % 3);
    typename Simd::FarRows farRows;
    expectRows(lookupAt(farRows, table, 0, Lanes::load(n) + 0x1.8p22f), n);
  }
}

bool canRun() {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

}  // namespace

int main() {
  if (!canRun()) return 77;
  testArithmetic();
  testComparisons();
  testMasks();
  testAreBelow();
  testPacking();
  testMaxBits();
  testPowers();
  testWide();
  testSelectWhereZero();
  testSplitExponent();
  testMemory();
  testLookup();
  std::fprintf(stderr, "%s, %zu lanes: %s\n", SOFTPLUS_SIMD, Lanes::count, failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
