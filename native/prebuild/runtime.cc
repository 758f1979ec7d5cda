// The functions of the C++ library that the published addons and the DuckDB extension need. Linking GCC's library
// statically would add its unwinder and its locales: a third of the file, and functions that musl does not have.
// Nothing here throws. Where GCC's library would throw, the process ends, as it would there, because nobody catches
// exceptions.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "../addon/thread.h"

namespace {

void* allocate(std::size_t size) { return std::malloc(size == 0 ? 1 : size); }

void* allocateOrEnd(std::size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocateOrEnd(size); }
void* operator new[](std::size_t size) { return allocateOrEnd(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace std {

const nothrow_t nothrow{};
template class basic_string<char>;

#if defined(_LIBCPP_VERSION)
inline namespace _LIBCPP_ABI_NAMESPACE {
void __libcpp_verbose_abort(const char*, ...) { abort(); }
}  // namespace _LIBCPP_ABI_NAMESPACE
#else
void __throw_length_error(const char*) { abort(); }
void __throw_logic_error(const char*) { abort(); }
void __throw_out_of_range_fmt(const char*, ...) { abort(); }
void __throw_bad_array_new_length() { abort(); }
void __throw_bad_alloc() { abort(); }
#endif

}  // namespace std

// The compiler calls these before and after it initialises a static variable of a function. The first byte of the guard
// says that the variable is initialised. The second says that a thread has begun to do so, and stays set.
extern "C" {
int __cxa_guard_acquire(std::atomic<uint8_t>* guard) {
  uint8_t free = 0;
  if (guard[1].compare_exchange_strong(free, 1)) return 1;
  while (guard[0].load(std::memory_order_acquire) == 0) softplus::yield();
  return 0;
}

void __cxa_guard_release(std::atomic<uint8_t>* guard) { guard[0].store(1, std::memory_order_release); }
}

#if defined(_WIN32)
// Windows gives a stack its pages one after the other. So before a function takes more than a page, the compiler calls
// this with their bytes in rax, to touch each of them. All registers stay as they are.
asm(R"(
  .globl ___chkstk_ms
___chkstk_ms:
  pushq %rax
  pushq %rcx
  leaq 24(%rsp), %rcx
1:
  cmpq $4096, %rax
  jbe 2f
  subq $4096, %rcx
  orl $0, (%rcx)
  subq $4096, %rax
  jmp 1b
2:
  subq %rax, %rcx
  orl $0, (%rcx)
  popq %rcx
  popq %rax
  ret
)");
#endif
