// The shuffles of pack in contract.h, for instruction sets that have them only by table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softplus {
namespace {

// of.shuffles[bits] moves the lanes with a bit to the front, in order. A shuffle names the source of every result:
// `bytes` indices for each lane.
template <size_t lanes, size_t bytes>
struct Packing {
  alignas(16) uint8_t shuffles[1 << lanes][lanes * bytes]{};

  constexpr Packing() {
    for (size_t set = 0; set < 1 << lanes; set++) {
      uint8_t* next = shuffles[set];
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
