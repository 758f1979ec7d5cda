// The shuffles of pack in contract.h, for instruction sets that have them only by table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softplus {
namespace {

// For every set of lanes, the bytes that a shuffle takes for each lane: `bytes` of them, numbered from `bytes` times
// the lane's number on.
template <size_t lanes, size_t bytes>
struct Packing {
  alignas(16) uint8_t sets[1 << lanes][lanes * bytes]{};

  constexpr Packing() {
    for (size_t set = 0; set < 1 << lanes; set++) {
      uint8_t* next = sets[set];
      for (size_t lane = 0; lane < lanes; lane++)
        for (size_t i = 0; i < bytes && (set >> lane & 1); i++) *next++ = static_cast<uint8_t>(lane * bytes + i);
    }
  }
  static const Packing of;
};

template <size_t lanes, size_t bytes>
constexpr Packing<lanes, bytes> Packing<lanes, bytes>::of;

}  // namespace
}  // namespace softplus
