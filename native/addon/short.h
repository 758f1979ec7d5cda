// Calls on short arrays, through memory that both languages see.
#pragma once

#include <node_api.h>

#include "../functions.h"

namespace softplus {

// Sets kernels.short, an object with
//
//   call       Uint32Array: the number of a function, how many elements, and the way
//   scaling    Float32Array: threshold, beta
//   x, other   Float32Arrays, as long as an array may be at most
//   functions  the numbers of the functions, of backward and of withDerivative, by name
//   compute()  does what `call` says
//
// The ways are 0 plain, 1 with a threshold, 2 with a threshold and a beta. compute() writes f(x) over x; for backward
// other * derivative(x) over x; for withDerivative softplus(x) over x, and the derivative over other.
//
// A pointer to an array costs more time than to copy a few elements, and ten times as much where V8 keeps them on its
// heap, as it does for up to 64 bytes: it then moves them off the heap (npm run bench -- calls). A function of its own
// for each function of the list would cost 40 ns more wherever V8 has seen several of them.
//
// Returns false if Node refuses, as it does when the environment ends.
bool setShort(napi_env env, napi_value kernels, const Backend& backend);

}  // namespace softplus
