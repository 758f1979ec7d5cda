// The scalar backend. Only its list of kernels leaves this file, which is compiled with flags of its own.
#include "../simd/scalar.h"

#include "kernels.h"

namespace softplus {

extern const Backend scalarBackend;
constexpr Backend scalarBackend = backendOf<scalar::Simd>("scalar");

}  // namespace softplus
