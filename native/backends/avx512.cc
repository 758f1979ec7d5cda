// The avx512 backend. Only its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/avx512.h"

#include "kernels.h"

namespace softplus {

extern const Backend avx512Backend;
constexpr Backend avx512Backend = backendOf<avx512::Simd>("avx512");

}  // namespace softplus
