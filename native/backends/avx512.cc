// The avx512 backend. Nothing but its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/avx512.h"

#include "kernels.h"

namespace softplus {

extern const Backend avx512Backend;
const Backend avx512Backend = {"avx512", {SOFTPLUS_FUNCTIONS(SOFTPLUS_KERNELS)}, backward<Simd>};

}  // namespace softplus
