// Runs every kernel on arrays between two pages without access, so that the CPU itself stops an access outside of an
// array.
//
// Sanitizers do not check masked loads and stores. Arrays of 0 to 300 elements are at the end or at the beginning of
// their pages. An access outside ends the program by a signal, after the kernel's name is printed.
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "../dispatch.h"

namespace {

using namespace softplus;

constexpr size_t longest = 300;
const size_t pageSize = static_cast<size_t>(sysconf(_SC_PAGESIZE));

// Memory for the longest array, with a page before and behind it that can be neither read nor written.
class Guarded {
 public:
  Guarded() {
    const size_t inside = (longest * sizeof(float) + pageSize - 1) / pageSize * pageSize;
    void* memory = mmap(nullptr, inside + 2 * pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    first = static_cast<char*>(memory) + pageSize;
    behind = first + inside;
    if (mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  float* at(bool end, size_t count) const {
    return reinterpret_cast<float*>(end ? behind - count * sizeof(float) : first);
  }

 private:
  char* first;
  char* behind;
};

// The kernel that runs now, for the signal handler.
char running[160];

[[noreturn]] void onFault(int signal) {
  const char message[] = "bounds: accessed memory outside of its array: ";
  static_cast<void>(!write(2, message, sizeof message - 1));
  static_cast<void>(!write(2, running, std::strlen(running)));
  static_cast<void>(!write(2, "\n", 1));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::abort();
}

// Near, far and settled lanes, subnormals and NaN.
void fill(float* x, size_t count, size_t kind) {
  const float all[] = {0.5f, -3.0f, 7.0f, -90.0f, 1e-40f, 100.0f, __builtin_nanf(""), __builtin_inff()};
  for (size_t i = 0; i < count; i++) x[i] = kind == 0 ? all[i % 3] : all[(i + kind) % 8];
}

size_t calls = 0;

void note(const Backend& backend, const char* name, size_t count, bool end) {
  std::snprintf(running, sizeof running, "%s, %s, %zu elements at the %s of a page", backend.name, name, count,
                end ? "end" : "beginning");
  calls++;
}

struct Arrays {
  Guarded x, y, z;
};

void runAll(const Backend& backend, const Arrays& arrays, size_t count, bool end, bool hasThreshold, bool hasBeta) {
  const Scaling scaling{hasBeta ? 1.7f : 1.0f, hasThreshold ? 3.0f : __builtin_inff()};
  float *x = arrays.x.at(end, count), *y = arrays.y.at(end, count), *z = arrays.z.at(end, count);
  for (size_t kind : {size_t{0}, size_t{1}, size_t{4}}) {
    for (const auto& function : backend.functions) {
      const Kernel kernel = chosen(function.ways, hasThreshold, hasBeta);
      if (kernel == nullptr) continue;
      note(backend, function.name, count, end);
      fill(x, count, kind);
      kernel(x, y, count, scaling);
      kernel(x, x, count, scaling);
    }
    fill(x, count, kind);
    fill(y, count, 1);
    note(backend, "backward", count, end);
    backend.backward(chosen(backend.functions[derivativeFunction].ways, hasThreshold, hasBeta), x, y, z, count,
                     scaling);
    note(backend, "withDerivative", count, end);
    const WithDerivativeKernel withDerivative = chosen(backend.withDerivative, hasThreshold, hasBeta);
    withDerivative(x, y, z, count, scaling);
    withDerivative(x, x, z, count, scaling);
  }
}

}  // namespace

int main() {
  std::signal(SIGSEGV, onFault);
  std::signal(SIGBUS, onFault);
  const Arrays arrays;
  for (const Backend* backend : availableBackends())
    for (size_t count = 0; count <= longest; count++)
      for (bool end : {false, true})
        for (const auto& [hasThreshold, hasBeta] :
             {std::pair(false, false), std::pair(true, false), std::pair(true, true)})
          runAll(*backend, arrays, count, end, hasThreshold, hasBeta);
  std::fprintf(stderr, "bounds: passed, %zu kernels\n", calls);
  return 0;
}
