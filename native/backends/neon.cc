// The neon backend. Only its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/neon.h"

#include "kernels.h"

namespace softplus {

extern const Backend neonBackend;
constexpr Backend neonBackend = backendOf<neon::Simd>("neon");

}  // namespace softplus
