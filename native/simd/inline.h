// How a function is forced inline: lanes must stay in registers, whatever the optimiser thinks of a kernel's size.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define SOFTPLUS_INLINE __forceinline
#define SOFTPLUS_INLINE_LAMBDA
#else
#define SOFTPLUS_INLINE __attribute__((always_inline)) inline
#define SOFTPLUS_INLINE_LAMBDA __attribute__((always_inline))
#endif
