// Every kernel between two pages that nobody may touch: the processor itself refuses what lies outside of an array.
//
// Sanitizers do not look into masked loads and stores. Arrays of 0 to 300 elements lie at the very end and the very
// beginning of their pages. A touch outside ends the program by a signal, after its name was printed.
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "../dispatch.h"

namespace {

using namespace softplus;

constexpr size_t longest = 300;
const size_t pageSize = static_cast<size_t>(sysconf(_SC_PAGESIZE));

// Room for the longest array, with a page on either side that may be neither read nor written.
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

// What runs now, for the handler of the signal.
char underWay[160];

[[noreturn]] void onFault(int signal) {
  const char said[] = "bounds: touched memory outside of its array: ";
  static_cast<void>(!write(2, said, sizeof said - 1));
  static_cast<void>(!write(2, underWay, std::strlen(underWay)));
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
  std::snprintf(underWay, sizeof underWay, "%s, %s, %zu elements at the %s of a page", backend.name, name, count,
                end ? "end" : "beginning");
  calls++;
}

// way is 0 for plain, 1 for thresholded, 2 for scaled.
template <class Run>
Run pick(const Ways<Run>& ways, int way) {
  return way == 0 ? ways.plain : way == 1 ? ways.thresholded : ways.scaled;
}

struct Arrays {
  Guarded x, y, z;
};

void runAll(const Backend& backend, const Arrays& arrays, size_t count, bool end, int way) {
  const Options options{way == 2 ? 1.7f : 1.0f, way == 0 ? __builtin_inff() : 3.0f};
  float *x = arrays.x.at(end, count), *y = arrays.y.at(end, count), *z = arrays.z.at(end, count);
  for (size_t kind : {size_t{0}, size_t{1}, size_t{4}}) {
    for (const FunctionEntry& kernels : backend.functions) {
      const Kernel kernel = pick(kernels.ways, way);
      if (kernel == nullptr) continue;
      note(backend, kernels.name, count, end);
      fill(x, count, kind);
      kernel(x, y, count, options);
      kernel(x, x, count, options);
    }
    fill(x, count, kind);
    fill(y, count, 1);
    note(backend, "backward", count, end);
    backend.backward(pick(backend.functions[derivativeFunction].ways, way), x, y, z, count, options);
    note(backend, "withDerivative", count, end);
    pick(backend.withDerivative, way)(x, y, z, count, options);
    pick(backend.withDerivative, way)(x, x, z, count, options);
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
        for (int way : {0, 1, 2}) runAll(*backend, arrays, count, end, way);
  std::fprintf(stderr, "bounds: passed, %zu kernels\n", calls);
  return 0;
}
