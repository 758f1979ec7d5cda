// Which backends this CPU and its operating system can run, and which kernel of a backend a call runs.
#pragma once

#include <cstddef>

#include "functions.h"

namespace softplus {

struct Backends {
  const Backend* const* first;
  size_t count;
  const Backend* const* begin() const { return first; }
  const Backend* const* end() const { return first + count; }
  const Backend& front() const { return *first[0]; }
  const Backend& back() const { return *first[count - 1]; }
};

// The backends that can run here, best first. The last is scalar, which runs everywhere.
Backends availableBackends();

// The kernel for a call: with a beta, with a threshold alone, or with neither. Null if the function does not take them.
template <class Run>
Run chosen(const Ways<Run>& ways, bool hasThreshold, bool hasBeta) {
  return hasBeta ? ways.withBeta : hasThreshold ? ways.withThreshold : ways.plain;
}

}  // namespace softplus
