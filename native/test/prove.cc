// Runs every float32 through every function on every backend of this machine, and compares bits and errors.
//
//   prove [--stride N] [--beta B] [--threshold T] [--json]
//
// Prints for each function: the largest error in ULP and the input that has it; how many results are not correctly
// rounded; how many results depend on the backend, on the neighbours of an input, or on whether withDerivative computes
// them; how many steps decrease; and a hash of all results, which is the same on every machine. Exit code 1 if a
// guarantee is broken, 2 for wrong usage.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../dispatch.h"
#include "floats.h"
#include "reference.h"

namespace {

using namespace softplus;

// The floats in ascending order, NaNs at both ends.
float floatAt(uint64_t place) {
  const uint32_t p = static_cast<uint32_t>(place);
  return fromBits(p & 0x80000000u ? p ^ 0x80000000u : ~p);
}

const Backend& best() { return availableBackends().front(); }
const Backend& scalar() { return availableBackends().back(); }

// What one run examines: a function with its scaling.
struct Subject {
  Function function;
  Scaling scaling;
  bool hasThreshold = false;

  bool hasBeta() const { return scaling.beta != 1; }
  bool isPlain() const { return !hasBeta() && !hasThreshold; }
  double bound() const { return boundOf(function, hasBeta()); }

  template <class Run>
  Run chosen(const Ways<Run>& ways) const {
    return softplus::chosen(ways, hasThreshold, hasBeta());
  }
  Kernel kernel(const Backend& backend) const { return chosen(backend.functions[function].ways); }

  template <class T>
  T truth(float x) const {
    return reference<T>(function, x, scaling, hasThreshold);
  }

  // Whether results must never decrease: with a negative beta or a threshold some functions do.
  bool isMonotone() const {
    if (!isPlain()) return false;
    for (float x = -80; x < 80; x += 0.5f)
      if (truth<double>(x + 0.5f) < truth<double>(x)) return false;
    return true;
  }
};

struct Findings {
  uint64_t inputs = 0, mismatches = 0, incorrect = 0, decreasing = 0, wrongSigns = 0, lost = 0, hash = 0;
  double worst = 0;
  float witness = 0, got = 0;
  double want = 0;

  void merge(const Findings& other) {
    inputs += other.inputs;
    mismatches += other.mismatches;
    incorrect += other.incorrect;
    decreasing += other.decreasing;
    wrongSigns += other.wrongSigns;
    lost += other.lost;
    hash += other.hash;
    if (other.worst > worst) worst = other.worst, witness = other.witness, got = other.got, want = other.want;
  }

  // A sum over mixed pairs of input and result, so that threads can add theirs in any order.
  void mix(uint32_t in, uint32_t out) {
    uint64_t h = (static_cast<uint64_t>(in) << 32 | out) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93u;
    hash += h ^ (h >> 32);
  }
};

// Whether y is the float nearest to the true value. Near a tie binary64 cannot tell, and long double decides.
bool isCorrectlyRounded(const Subject& subject, float x, float y, double want) {
  const double distance = std::fabs(y - want) / ulpOf(want);
  if (std::fabs(distance - 0.5) > 0x1p-25) return distance < 0.5 || y == static_cast<float>(want);
  return y == static_cast<float>(subject.truth<long double>(x));
}

void judge(const Subject& subject, float x, float y, Findings& found) {
  found.inputs++;
  found.mix(bitsOf(x), std::isnan(x) ? 0x7fc00000 : bitsOf(y));
  const double want = subject.truth<double>(x), error = errorOf(y, want);
  if (error > found.worst) found.worst = error, found.witness = x, found.got = y, found.want = want;
  if (std::isnan(want)) return;
  found.wrongSigns += std::signbit(y) != std::signbit(want);
  found.incorrect += std::isfinite(want) && !isCorrectlyRounded(subject, x, y, want);
}

// Evaluates x twice: in order, where neighbours take the same path, and with each element beside a value that makes
// vectors take another path. Counts the results of the second run that differ from those of the first.
struct Evaluator {
  const Subject& subject;
  std::vector<float> pairs;

  void pair(const std::vector<float>& x) {
    constexpr float neighbours[] = {88.0f, -1.25f, -17.0f, -INFINITY, 0.5f, NAN, -93.5f, 20.0f, -1e9f, 15.0f, -15.0f};
    constexpr size_t kinds = sizeof neighbours / sizeof *neighbours;
    pairs.resize(2 * x.size());
    for (size_t i = 0; i < x.size(); i++) pairs[2 * i] = x[i], pairs[2 * i + 1] = neighbours[i % kinds];
  }

  uint64_t evaluate(const Backend& backend, const std::vector<float>& x, float* y) {
    const Kernel kernel = subject.kernel(backend);
    kernel(x.data(), y, x.size(), subject.scaling);
    if (&backend == &scalar()) return 0;  // its one lane has no neighbours
    pair(x);
    kernel(pairs.data(), pairs.data(), pairs.size(), subject.scaling);
    uint64_t changed = 0;
    for (size_t i = 0; i < x.size(); i++) changed += differ(y[i], pairs[2 * i]);
    return changed;
  }
};

// Counts the results of withDerivative that differ from those of softplus and of its derivative.
uint64_t countUnlikeSingle(const Subject& subject, const Backend& backend, const std::vector<float>& x) {
  std::vector<float> value = x, derivative(x.size()), single(x.size());
  subject.chosen(backend.withDerivative)(value.data(), value.data(), derivative.data(), x.size(), subject.scaling);
  uint64_t different = 0;
  for (const auto& [function, got] :
       {std::pair(softplusFunction, &value), std::pair(derivativeFunction, &derivative)}) {
    subject.chosen(best().functions[function].ways)(x.data(), single.data(), x.size(), subject.scaling);
    for (size_t i = 0; i < x.size(); i++) different += differ(single[i], (*got)[i]);
  }
  return different;
}

// Counts the x > -87 for which inverse(softplus(x)) is infinite.
uint64_t countLost(const std::vector<float>& x, const float* y) {
  std::vector<float> back(x.size());
  best().functions[inverseFunction].ways.plain(y, back.data(), x.size(), {});
  uint64_t lost = 0;
  for (size_t i = 0; i < x.size(); i++) lost += x[i] > -87.0f && std::isfinite(x[i]) && !std::isfinite(back[i]);
  return lost;
}

// Inputs `from`, `from + stride`, ... below `to`, of the 2^32 in ascending order.
Findings examine(const Subject& subject, uint64_t from, uint64_t to, uint64_t stride) {
  constexpr size_t chunk = 1 << 16;
  Findings found;
  std::vector<float> x, y(chunk), other(chunk);
  Evaluator evaluator{subject, {}};
  float previous = from >= stride ? floatAt(from - stride) : NAN;
  subject.kernel(best())(&previous, &previous, 1, subject.scaling);
  for (uint64_t at = from; at < to;) {
    x.clear();
    for (; x.size() < chunk && at < to; at += stride) x.push_back(floatAt(at));
    const Backend* const* backend = availableBackends().begin();
    found.mismatches += evaluator.evaluate(**backend, x, y.data());
    while (++backend != availableBackends().end()) {
      found.mismatches += evaluator.evaluate(**backend, x, other.data());
      for (size_t i = 0; i < x.size(); i++) found.mismatches += differ(y[i], other[i]);
    }
    if (subject.isPlain() && subject.function == softplusFunction) found.lost += countLost(x, y.data());
    if (subject.function == softplusFunction) {
      evaluator.pair(x);
      for (const Backend* each : availableBackends()) {
        found.mismatches += countUnlikeSingle(subject, *each, x);
        if (each != &scalar()) found.mismatches += countUnlikeSingle(subject, *each, evaluator.pairs);
      }
    }
    for (size_t i = 0; i < x.size(); i++) {
      judge(subject, x[i], y[i], found);
      found.decreasing += y[i] < previous;
      previous = y[i];
    }
  }
  return found;
}

Findings examineAll(const Subject& subject, uint64_t stride) {
  const unsigned parts = std::max(1u, std::thread::hardware_concurrency());
  const uint64_t inputs = ((uint64_t{1} << 32) + stride - 1) / stride, each = (inputs + parts - 1) / parts;
  std::vector<Findings> findings(parts);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < parts; i++)
    threads.emplace_back([&, i] {
      const uint64_t from = std::min(i * each, inputs), to = std::min((i + 1) * each, inputs);
      findings[i] = examine(subject, from * stride, to * stride, stride);
    });
  for (auto& thread : threads) thread.join();
  Findings all;
  for (const auto& f : findings) all.merge(f);
  return all;
}

bool holds(const Subject& subject, const Findings& f) {
  return f.mismatches == 0 && f.worst <= subject.bound() && f.wrongSigns == 0 && f.lost == 0 &&
         (!subject.isMonotone() || f.decreasing == 0);
}

void print(const Subject& subject, const Findings& f, bool json) {
  const char* name = best().functions[subject.function].name;
  if (json) {
    std::printf("{\"function\":\"%s\",\"beta\":%.9g,\"inputs\":%" PRIu64
                ",\"maxUlp\":%.4f,\"x\":\"%a\",\"got\":\"%a\","
                "\"want\":\"%a\",\"notCorrectlyRounded\":%" PRIu64 ",\"mismatches\":%" PRIu64 ",\"decreasing\":%" PRIu64
                ",\"monotone\":%s,\"hash\":\"%016" PRIx64 "\",\"holds\":%s}\n",
                name, static_cast<double>(subject.scaling.beta), f.inputs, f.worst, static_cast<double>(f.witness),
                static_cast<double>(f.got), f.want, f.incorrect, f.mismatches, f.decreasing,
                subject.isMonotone() ? "true" : "false", f.hash, holds(subject, f) ? "true" : "false");
  } else {
    std::printf("%-15s beta %-6.9g %11" PRIu64 " inputs  max %.4f ULP at %-16a  not correctly rounded %10" PRIu64
                "  mismatches %" PRIu64 "  decreasing %" PRIu64 "  hash %016" PRIx64 "%s\n",
                name, static_cast<double>(subject.scaling.beta), f.inputs, f.worst, static_cast<double>(f.witness),
                f.incorrect, f.mismatches, f.decreasing, f.hash, holds(subject, f) ? "" : "  BROKEN");
    if (!holds(subject, f))
      std::printf("    f(%a) gave %a, the true value is %a; wrong signs %" PRIu64
                  ", infinite after softplus and inverse %" PRIu64 "\n",
                  static_cast<double>(f.witness), static_cast<double>(f.got), f.want, f.wrongSigns, f.lost);
  }
  std::fflush(stdout);
}

[[noreturn]] void usage() {
  std::fprintf(stderr, "usage: prove [--stride N] [--beta B] [--threshold T] [--json]\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t stride = 1;
  Subject subject{softplusFunction, {}};
  bool json = false;
  for (int i = 1; i < argc; i++) {
    const std::string flag = argv[i];
    if (flag == "--json") {
      json = true;
      continue;
    }
    if (++i == argc) usage();
    if (flag == "--stride") {
      stride = std::strtoull(argv[i], nullptr, 10);
    } else if (flag == "--beta") {
      subject.scaling.beta = std::strtof(argv[i], nullptr);
    } else if (flag == "--threshold") {
      subject.scaling.threshold = std::strtof(argv[i], nullptr);
      subject.hasThreshold = true;
    } else {
      usage();
    }
  }
  if (stride == 0 || subject.scaling.beta == 0) usage();

  std::fprintf(stderr, "backends:");
  for (const Backend* backend : availableBackends()) std::fprintf(stderr, " %s", backend->name);
  std::fprintf(stderr, "\n");
  bool all = true;
  for (int f = 0; f < functionCount; f++) {
    subject.function = static_cast<Function>(f);
    if (subject.kernel(best()) == nullptr) continue;
    const Findings found = examineAll(subject, stride);
    print(subject, found, json);
    all = all && holds(subject, found);
  }
  return all ? 0 : 1;
}
