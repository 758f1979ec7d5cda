// A function of the addon that runs in threads of its own.
#pragma once

#include <node_api.h>

namespace softplus {

// threads, processors, done, x, threshold = none, beta = 1
//
// Overwrites x with the function of the FunctionEntry that are its data, in up to `threads` threads, and returns at once. All
// jobs of an environment together have no more threads than `processors`, or than one of them asks for; the others wait
// for their turn. done() is called when the job has ended. Returns a function that makes it end within a block. The
// caller keeps x's memory where it is until then.
//
// x may be a function that returns the array. It is called when nothing else can fail any more: what it gives away is
// never lost. If it throws, nothing has begun.
//
// If the environment ends meanwhile, its jobs are stopped and waited for, before their memory or this code goes.
napi_value launch(napi_env env, napi_callback_info info);

}  // namespace softplus
