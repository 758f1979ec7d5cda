// The neon backend. Nothing but its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/neon.h"

#include "kernels.h"

namespace softplus {

extern const Backend neonBackend;
const Backend neonBackend = {"neon", {SOFTPLUS_FUNCTIONS(SOFTPLUS_KERNELS)}, backward<Simd>};

}  // namespace softplus
