// A job split over threads: every element is written once, whoever takes its block; after a stop, once at most.
//
// Meant to run under ThreadSanitizer. Exit code 1 if a check fails.
#include "../parallel.h"

#include <cmath>
#include <cstdio>
#include <thread>
#include <vector>

namespace softplus {
extern const Backend scalarBackend;
}

namespace {

using namespace softplus;

// Not atomic: that two threads never write the same element is what is tested.
void increment(const float* x, float* y, size_t count, Options options) {
  for (size_t i = 0; i < count; i++) y[i] = x[i] + options.beta;
}

void work(Job& job, size_t threadCount, bool isStoppedMeanwhile) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < threadCount; i++) threads.emplace_back([&job] { job.work(); });
  if (isStoppedMeanwhile) job.isStopped = true;
  for (auto& thread : threads) thread.join();
}

bool isWrittenOnce(size_t length, size_t threadCount) {
  std::vector<float> values(length);
  Job job{increment, {}, values.data(), length};
  work(job, threadCount, false);
  for (float value : values)
    if (value != 1.0f) return false;
  return true;
}

bool isWrittenOnceAtMost(size_t length, size_t threadCount) {
  std::vector<float> values(length);
  Job job{increment, {}, values.data(), length};
  work(job, threadCount, true);
  bool seen = true;
  for (size_t i = 0; i < length; i++) {
    // A block that was begun is finished.
    if (values[i] != values[i / Job::block * Job::block]) seen = false;
    if (values[i] != 0.0f && values[i] != 1.0f) seen = false;
  }
  return seen;
}

bool isSoftplus(size_t length, size_t threadCount) {
  std::vector<float> values(length, 0.0f);
  Job job{scalarBackend.functions[softplusFunction].ways.plain, {}, values.data(), length};
  work(job, threadCount, false);
  for (float value : values)
    if (value != std::log(2.0f)) return false;
  return true;
}

int failures = 0;

void expect(const char* what, bool holds, size_t length, size_t threadCount) {
  if (holds) return;
  std::fprintf(stderr, "parallel: %s, %zu elements, %zu threads\n", what, length, threadCount);
  failures++;
}

}  // namespace

int main() {
  for (size_t length : {size_t{0}, size_t{1}, Job::block - 1, Job::block, Job::block + 1, 7 * Job::block + 5}) {
    for (size_t threadCount : {size_t{1}, size_t{2}, size_t{5}}) {
      expect("not written once", isWrittenOnce(length, threadCount), length, threadCount);
      for (int i = 0; i < 20; i++)
        expect("torn by a stop", isWrittenOnceAtMost(length, threadCount), length, threadCount);
      expect("not ln 2", isSoftplus(length, threadCount), length, threadCount);
    }
  }
  std::fprintf(stderr, "parallel: %s\n", failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
