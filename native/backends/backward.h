// grad * derivative(x), block by block. Derivatives are subnormal from x = -87.3 to -104, and products of them trap
// into microcode on Intel's processors, which takes ten times as long as all else. So vectors where that may
// happen take a detour, which gives the same bits.
#pragma once

#include <cstddef>

#include "../functions.h"
#include "apply.h"

namespace softplus {

// Larger derivatives give subnormal products only with a grad below 2^-40.
constexpr float smallDerivative = 0x1p-86f;

template <class Lanes>
SOFTPLUS_INLINE auto isSmall(Lanes derivative) {
  return (derivative > 0.0f) & (derivative < smallDerivative);
}

// Whether multiplying a small derivative may trap: it is subnormal, or the result is. `product` is 2^100 times too
// large, so that computing it does not trap, unless |grad| is below 2^-100. NaN and infinity are not below the limit.
template <class Lanes>
SOFTPLUS_INLINE auto mayTrap(Lanes derivative, Lanes grad) {
  const Lanes product = max(0x1p-126f, derivative) * (withSignClear(grad) * 0x1p100f);
  return isSmall(derivative) & ((derivative < 0x1p-126f) | (product < 0x1p-26f));
}

// Whether a sample of the vectors has small derivatives.
template <class Lanes>
SOFTPLUS_INLINE bool haveSmall(const float* derivatives, size_t count) {
  constexpr size_t stride = 9 * Lanes::count;  // data may repeat after a power of two
  unsigned found = 0;
  for (size_t i = 0; i < count; i += stride) found |= bitsOf(isSmall(Lanes::load(derivatives + i)));
  return found != 0;
}

// grad * derivative, rounded once. A small derivative is multiplied by 2^126 first. Where the result is subnormal the
// product is then below 1. Adding 1 rounds it to a multiple of 2^-23, which is 2^-149 times 2^126. Multiplying by
// 2^-126 at the end is exact.
template <class Lanes>
SOFTPLUS_INLINE Lanes carefulProduct(Lanes derivative, Lanes grad) {
  const Lanes size = withSignClear(grad);
  // A larger grad could overflow on the way. NaN and infinity have no exponent to subtract from.
  const auto takesDetour = isSmall(derivative) & (size < 0x1p80f);
  const Lanes small = select(takesDetour, derivative, 1.0f);
  const auto isSubnormal = small < 0x1p-126f;
  // An addition of subnormal lanes does not trap.
  const Lanes normal = select(isSubnormal, small + 0x1p-126f, small) * 0x1p126f;
  const Lanes scaled = select(isSubnormal, normal - 1.0f, normal);
  const Lanes factor = select(takesDetour, size, 0.0f);
  const Lanes multiple = fma(scaled, factor, 1.0f) - 1.0f;
  const Lanes magnitude = scale(select(multiple < 1.0f, multiple, scaled * factor), -126.0f);
  const Lanes detour = select(isSignClear(grad), magnitude, timesSign(magnitude, -0.0f));
  return select(takesDetour, detour, select(takesDetour, 1.0f, derivative) * grad);
}

// grad is read before y is written, which may be the same array.
template <class Simd>
void computeBackward(Kernel derivative, const float* x, const float* grad, float* y, size_t count, Scaling scaling) {
  using Lanes = typename Simd::Lanes;
  // The derivatives of a block stay in the first-level cache.
  constexpr size_t length = 1024;
  alignas(64) float derivatives[length + Lanes::count];
  for (size_t start = 0; start < count; start += length) {
    const size_t n = count - start < length ? count - start : length;
    derivative(x + start, derivatives, n, scaling);
    Lanes(0.0f).store(derivatives + n);  // the last vector's other lanes
    const auto multiply = [&](auto product) SOFTPLUS_INLINE_LAMBDA {
      map<Lanes>(grad + start, y + start, n, [&](size_t i, Lanes lanes) SOFTPLUS_INLINE_LAMBDA {
        return product(Lanes::load(derivatives + i), lanes);
      });
    };
    // With one lane `scale` is a multiplication, which traps itself.
    if (Lanes::count > 1 && haveSmall<Lanes>(derivatives, n))
      multiply([](Lanes d, Lanes g)
                   SOFTPLUS_INLINE_LAMBDA { return bitsOf(mayTrap(d, g)) == 0 ? d * g : carefulProduct(d, g); });
    else
      multiply([](Lanes d, Lanes g) SOFTPLUS_INLINE_LAMBDA { return d * g; });
  }
}

}  // namespace softplus
