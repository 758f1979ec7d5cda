// Checks jobs that are split over threads: every element is written once, or at most once after a stop. Every job ends
// once, however jobs are submitted, held and stopped.
//
// Meant to run under ThreadSanitizer. Exit code 1 if a check fails.
#include "../addon/parallel.h"

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace softplus {
extern const Backend scalarBackend;
}

namespace {

using namespace softplus;

// Does for its jobs what an environment of Node does.
struct Owner {
  std::atomic<size_t> reports{0};
  Crew crew{[](void* owner) { static_cast<Owner*>(owner)->reports++; }, this};

  // Waits until so many jobs have ended.
  void waitFor(size_t count) {
    while (count > 0) {
      if (crew.takeEnded() != nullptr)
        count--;
      else
        std::this_thread::yield();
    }
    crew.joinEnded();
  }
  ~Owner() { crew.close(); }
};

// Not atomic, so that ThreadSanitizer reports two threads that write the same element.
void increment(const float* x, float* y, size_t count, Scaling scaling) {
  for (size_t i = 0; i < count; i++) y[i] = x[i] + scaling.beta;
}

void work(Job& job, size_t threadCount, bool stopsEarly) {
  Owner owner;
  job.threads = threadCount;
  if (!owner.crew.submit(job, threadCount)) std::abort();
  if (stopsEarly) owner.crew.stop(job);
  owner.waitFor(1);
}

Job& prepare(Job& job, Kernel kernel, std::vector<float>& values) {
  job.kernel = kernel;
  job.data = values.data();
  job.count = values.size();
  return job;
}

bool isWrittenOnce(size_t length, size_t threadCount) {
  std::vector<float> values(length);
  Job job;
  work(prepare(job, increment, values), threadCount, false);
  for (float value : values)
    if (value != 1.0f) return false;
  return true;
}

bool isWrittenOnceAtMost(size_t length, size_t threadCount) {
  std::vector<float> values(length);
  Job job;
  work(prepare(job, increment, values), threadCount, true);
  for (size_t i = 0; i < length; i++) {
    // A block that a thread began is finished.
    if (values[i] != values[i / Job::block * Job::block]) return false;
    if (values[i] != 0.0f && values[i] != 1.0f) return false;
  }
  return true;
}

bool isSoftplus(size_t length, size_t threadCount) {
  std::vector<float> values(length, 0.0f);
  Job job;
  work(prepare(job, scalarBackend.functions[softplusFunction].ways.plain, values), threadCount, false);
  for (float value : values)
    if (value != std::log(2.0f)) return false;
  return true;
}

// Submits more jobs than there are processors. Some are stopped, some are submitted while a thread is held.
bool doAllEnd(size_t length, size_t threadCount) {
  constexpr size_t count = 40;
  Owner owner;
  std::vector<std::vector<float>> values(count, std::vector<float>(length));
  std::vector<Job> jobs(count);
  for (size_t i = 0; i < count; i++) {
    Job& job = prepare(jobs[i], increment, values[i]);
    job.threads = 1 + i % threadCount;
    const bool isHeld = i % 3 == 0 && owner.crew.hold();
    if (!owner.crew.submit(job, 2)) return false;
    if (isHeld) owner.crew.release();
    if (i % 5 == 0) owner.crew.stop(job);
    if (i % 7 == 0) owner.crew.joinEnded();
  }
  owner.waitFor(count);
  for (size_t i = 0; i < count; i++)
    for (float value : values[i])
      if (value != 1.0f && (i % 5 != 0 || value != 0.0f)) return false;
  return owner.reports > 0 && owner.crew.takeEnded() == nullptr;
}

// Closes the crew in the middle of jobs, as an environment does when it ends: nothing is written after close().
bool isQuietAfterClose(size_t length, size_t threadCount) {
  constexpr size_t count = 10;
  std::vector<std::vector<float>> values(count, std::vector<float>(length));
  std::vector<Job> jobs(count);
  Owner owner;
  for (size_t i = 0; i < count; i++) {
    Job& job = prepare(jobs[i], increment, values[i]);
    job.threads = threadCount;
    if (!owner.crew.submit(job, threadCount)) return false;
  }
  if (threadCount % 2 == 0 && !owner.crew.hold()) return false;
  owner.crew.close();
  for (auto& each : values)
    for (float& value : each) value = 7.0f;
  Job late;
  const bool isRefused = !owner.crew.submit(prepare(late, increment, values[0]), threadCount);
  owner.waitFor(count);
  for (auto& each : values)
    for (float value : each)
      if (value != 7.0f) return false;
  return isRefused;
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
      expect("a job did not end", doAllEnd(length, threadCount), length, threadCount);
      expect("written after the end", isQuietAfterClose(length, threadCount), length, threadCount);
    }
  }
  std::fprintf(stderr, "parallel: %s\n", failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
