// The shuffles of pack and unpack in contract.h for instruction sets that have them only by table.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softplus {
namespace {

// For every set of lanes, the bytes that a shuffle takes for each lane: `bytes` of them, numbered from `bytes` times
// the lane's number on.
template <size_t lanes, size_t bytes>
struct Packing {
  // Taken for lanes that are not in the set. Its sign bit is set.
  static constexpr uint8_t none = 0xff;
  static constexpr size_t size = lanes * bytes;

  struct Shuffles {
    alignas(16) uint8_t pack[1 << lanes][size];
    alignas(16) uint8_t unpack[1 << lanes][size];
  };
  static constexpr Shuffles make() {
    Shuffles made{};
    for (size_t bits = 0; bits < 1 << lanes; bits++) {
      for (size_t i = 0; i < size; i++) made.pack[bits][i] = made.unpack[bits][i] = none;
      size_t count = 0;
      for (size_t lane = 0; lane < lanes; lane++) {
        if (!(bits >> lane & 1)) continue;
        for (size_t i = 0; i < bytes; i++) {
          made.pack[bits][count * bytes + i] = static_cast<uint8_t>(lane * bytes + i);
          made.unpack[bits][lane * bytes + i] = static_cast<uint8_t>(count * bytes + i);
        }
        count++;
      }
    }
    return made;
  }
  static constexpr Shuffles shuffles = make();
};

}  // namespace
}  // namespace softplus
