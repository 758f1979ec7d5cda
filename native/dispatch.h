// What this CPU and its operating system can run.
#pragma once

#include "functions.h"

namespace softplus {

struct Backends {
  const Backend* const* begin_;
  size_t count;
  const Backend* const* begin() const { return begin_; }
  const Backend* const* end() const { return begin_ + count; }
};

// The backends that can run here, best first. The last is scalar, which runs everywhere.
Backends availableBackends();

}  // namespace softplus
