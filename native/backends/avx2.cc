// The avx2 backend. Nothing but its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/avx2.h"

#include "kernels.h"

namespace softplus {

extern const Backend avx2Backend;
const Backend avx2Backend = {"avx2", {SOFTPLUS_FUNCTIONS(SOFTPLUS_KERNELS)}, backward<Simd>};

}  // namespace softplus
