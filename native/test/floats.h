// The bits of floats, for tests. No comparison of floats, so that the results do not depend on the rounding mode or on
// whether subnormals are flushed to zero.
#pragma once

#include <cstdint>
#include <cstring>

namespace softplus {

inline float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
inline uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline bool isNaN(float value) { return (bitsOf(value) & 0x7fffffff) > 0x7f800000; }
inline bool isSubnormal(float value) { return (bitsOf(value) & 0x7f800000) == 0 && (bitsOf(value) & 0x7fffff) != 0; }

// NaN is NaN, whatever its payload.
inline bool differ(float a, float b) { return bitsOf(a) != bitsOf(b) && !(isNaN(a) && isNaN(b)); }

}  // namespace softplus
