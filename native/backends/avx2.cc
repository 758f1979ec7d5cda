// The avx2 backend. Only its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/avx2.h"

#include "kernels.h"

namespace softplus {

extern const Backend avx2Backend;
constexpr Backend avx2Backend = backendOf<avx2::Simd>("avx2");

}  // namespace softplus
