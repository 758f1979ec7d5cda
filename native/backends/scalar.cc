// The scalar backend. Nothing but its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/scalar.h"

#include "kernels.h"

namespace softplus {

extern const Backend scalarBackend;
const Backend scalarBackend = {"scalar", {SOFTPLUS_FUNCTIONS(SOFTPLUS_KERNELS)}, backward<Simd>};

}  // namespace softplus
