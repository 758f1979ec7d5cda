// Where a threshold acts, as a limit of x: kernels then compare x with it. They could multiply by beta and compare the
// product with the threshold, but products of subnormal numbers trap into microcode on Intel's processors.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "simd/contract.h"

namespace softplus {

// The next float above or below a finite one. Always inlined, so it need not be a template.
SOFTPLUS_INLINE float neighbour(float value, bool isAbove) {
  int32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value == 0.0f)
    bits = isAbove ? 1 : INT32_MIN + 1;
  else
    bits += (value > 0.0f) == isAbove ? 1 : -1;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The largest float whose product with |beta|, rounded to float32, is not above `threshold`. A template, so that the
// linker does not merge it with that of another instruction set.
template <class Lanes>
SOFTPLUS_NOINLINE float largestWithin(float threshold, float beta) {
  constexpr float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
  const float size = beta < 0.0f ? -beta : beta;
  if (size == 1.0f || threshold == infinity) return threshold;
  // Products below `end` round to the threshold at most. `end` itself is halfway to the next float: it rounds to the
  // even one of both. Rounding takes infinity for 2^128.
  const bool isInfinite = threshold == -infinity, isLargest = threshold == largest;
  const double from = isInfinite ? -0x1p128 : static_cast<double>(threshold);
  const double next = isLargest ? 0x1p128 : static_cast<double>(isInfinite ? -largest : neighbour(threshold, true));
  const double end = (from + next) / 2;
  uint32_t bits;
  std::memcpy(&bits, &threshold, sizeof bits);
  const bool isEven = (bits & 1) == 0;
  const auto isWithin = [=](float x) {
    const double product = static_cast<double>(x) * static_cast<double>(size);  // exact
    return product < end || (product == end && isEven);
  };
  const double quotient = end / static_cast<double>(size);
  float x = quotient > largest ? largest : quotient < -largest ? -largest : static_cast<float>(quotient);
  // x is one step away at most. The loops take two, to be safe, and no more: a beta that is NaN or infinite, which
  // callers must not pass, would otherwise take four billion.
  for (int steps = 0; steps < 2 && !isWithin(x); steps++) {
    if (x == -largest) return -infinity;
    x = neighbour(x, false);
  }
  for (int steps = 0; steps < 2 && x < largest && isWithin(neighbour(x, true)); steps++) x = neighbour(x, true);
  return x;
}

}  // namespace softplus
