// The lanes of a block that are evaluated on their own, packed into dense vectors, and the way back to where they came
// from. Their number is the caller's, who keeps it in a register.
//
// Lanes beyond the end of an array must not be added: they would be written, too. They are loaded as 0, which is near.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../simd/contract.h"

namespace softplus {

// Keeps the index of each packed lane, as a float: pack() takes float lanes.
template <class Lanes, size_t length>
struct PackedByIndex {
  struct Indices {
    alignas(64) float of[length]{};
    constexpr Indices() {
      for (size_t i = 0; i < length; i++) of[i] = static_cast<float>(i);
    }
  };
  static constexpr Indices all{};

  alignas(64) float lanes[length + Lanes::count], indices[length + Lanes::count];

  SOFTPLUS_INLINE void clear() {}
  // Adds those lanes of the vector at i that have a bit to the `count` lanes before. Returns how many these are then.
  SOFTPLUS_INLINE size_t add(size_t count, size_t i, Lanes vector, unsigned bits) {
    pack(bits, vector).store(lanes + count);
    pack(bits, Lanes::load(all.of + i)).store(indices + count);
    return count + Lanes::countOf(bits);
  }
  // Writes the `count` lanes to where they came from, in an array of any length.
  SOFTPLUS_NOINLINE void putBack(size_t count, float* y, size_t) const {
    for (size_t i = 0; i < count; i++) y[static_cast<int>(indices[i])] = lanes[i];
  }
};

// Keeps which lanes of each vector are packed.
template <class Lanes, size_t length>
struct PackedByMask {
  alignas(64) float lanes[length + Lanes::count];
  uint16_t masks[length / Lanes::count];

  SOFTPLUS_INLINE void clear() {
    for (auto& mask : masks) mask = 0;
  }
  SOFTPLUS_INLINE size_t add(size_t count, size_t i, Lanes vector, unsigned bits) {
    pack(bits, vector).store(lanes + count);
    masks[i / Lanes::count] = static_cast<uint16_t>(bits);
    return count + Lanes::countOf(bits);
  }
  // As above, for an array of n elements.
  SOFTPLUS_NOINLINE void putBack(size_t, float* y, size_t n) const {
    const float* next = lanes;
    for (size_t i = 0; i < n; i += Lanes::count) {
      const unsigned bits = masks[i / Lanes::count];
      unpack(bits, Lanes::load(next), y + i);
      next += Lanes::countOf(bits);
    }
  }
};

// softplus in [-20, 20], 2^14 elements (npm run bench -- check): with 16 lanes PackedByMask takes 0.93 of the time of
// PackedByIndex. With 8 lanes PackedByIndex takes 0.96 of the time of PackedByMask, and needs no unpack.
template <class Lanes, size_t length>
using PackedLanes = std::conditional_t<Lanes::count == 16, PackedByMask<Lanes, length>, PackedByIndex<Lanes, length>>;

}  // namespace softplus
