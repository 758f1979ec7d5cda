// Runs every float32 through every function on every backend of this machine, and compares bits and errors.
//
//   prove [--stride N] [--beta B] [--threshold T] [--json]
//
// For each function: the largest error in ULP and the input that shows it, how many results are not correctly rounded,
// how many results differ between backends, between neighbours, or from those of withDerivative, how many steps
// decrease, and a hash of all results, which is the same on every machine. Exit code 1 if a promise is broken, 2 for
// wrong usage.
#include <cinttypes>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "../dispatch.h"
#include "reference.h"

namespace {

using namespace softplus;

// The floats in ascending order, NaNs at both ends.
float floatAt(uint64_t place) {
  const uint32_t p = static_cast<uint32_t>(place);
  return fromBits(p & 0x80000000u ? p ^ 0x80000000u : ~p);
}

struct Case {
  Function function;
  Options options;
  bool plain = true, hasThreshold = false;

  double bound() const { return boundOf(function, options.beta != 1); }

  // A beta may turn a function round, and a threshold steps down.
  bool isMonotone() const { return plain && function != secondDerivativeFunction; }

  template <class Run>
  Run chosen(const Ways<Run>& ways) const {
    return plain ? ways.plain : options.beta == 1.0f ? ways.thresholded : ways.scaled;
  }
  Kernel kernel(const Backend& backend) const { return chosen(backend.functions[function].ways); }
};

struct Findings {
  uint64_t inputs = 0, mismatches = 0, incorrect = 0, decreasing = 0, negative = 0, wrongSpecials = 0, lost = 0,
           hash = 0;
  double worst = 0;
  float witness = 0, got = 0;
  double want = 0;

  void merge(const Findings& other) {
    inputs += other.inputs;
    mismatches += other.mismatches;
    incorrect += other.incorrect;
    decreasing += other.decreasing;
    negative += other.negative;
    wrongSpecials += other.wrongSpecials;
    lost += other.lost;
    hash += other.hash;
    if (other.worst > worst) worst = other.worst, witness = other.witness, got = other.got, want = other.want;
  }

  // Sums of mixed pairs: the order of the inputs does not matter, their results do.
  void mix(uint32_t in, uint32_t out) {
    uint64_t h = (static_cast<uint64_t>(in) << 32 | out) * 0x9e3779b97f4a7c15u;
    h = (h ^ (h >> 32)) * 0xd6e8feb86659fd93u;
    hash += h ^ (h >> 32);
  }
};

// A result counts as correctly rounded if it is the float nearest to the true value; near a tie binary64 cannot tell.
bool isCorrectlyRounded(const Case& c, float x, float y, double want, double ulp) {
  const double distance = std::fabs(y - want) / ulp;
  if (std::fabs(distance - 0.5) > 0x1p-25) return distance < 0.5 || y == static_cast<float>(want);
  return y == static_cast<float>(reference<long double>(c.function, x, c.options, c.hasThreshold));
}

void judge(const Case& c, float x, float y, Findings& found) {
  found.inputs++;
  if (std::isnan(x)) {
    found.wrongSpecials += !std::isnan(y);
    found.mix(bitsOf(x), 0x7fc00000);
    return;
  }
  found.mix(bitsOf(x), bitsOf(y));
  const double want = reference<double>(c.function, x, c.options, c.hasThreshold);
  if (std::isnan(want) || std::isnan(y)) {
    found.wrongSpecials += std::isnan(want) != std::isnan(y);
    return;
  }
  if (std::isinf(want) || std::isinf(y)) {
    found.wrongSpecials += y != static_cast<float>(want);
    return;
  }
  const double ulp = ulpOf(want), error = std::fabs(y - want) / ulp;
  if (error > found.worst) found.worst = error, found.witness = x, found.got = y, found.want = want;
  found.incorrect += !isCorrectlyRounded(c, x, y, want, ulp);
  found.negative += c.options.beta > 0 && c.function != inverseFunction && std::signbit(y);
}

const Backend& firstBackend() { return **availableBackends().begin(); }
const Backend& lastBackend() { return **(availableBackends().end() - 1); }

// Evaluates x twice: in order, where neighbours are near or far together, and each beside a value that sends whole
// vectors another way. Counts the results of the second run that are not those of the first.
struct Evaluator {
  const Case& c;
  std::vector<float> pairs;

  void pair(const std::vector<float>& x) {
    constexpr float neighbours[] = {88.0f, -1.25f, -17.0f, -INFINITY, 0.5f, NAN, -93.5f, 20.0f, -1e9f, 15.0f, -15.0f};
    constexpr size_t kinds = sizeof neighbours / sizeof *neighbours;
    pairs.resize(2 * x.size());
    for (size_t i = 0; i < x.size(); i++) pairs[2 * i] = x[i], pairs[2 * i + 1] = neighbours[i % kinds];
  }

  uint64_t evaluate(const Backend& backend, const std::vector<float>& x, float* y) {
    const Kernel kernel = c.kernel(backend);
    kernel(x.data(), y, x.size(), c.options);
    if (&backend == &lastBackend()) return 0;  // scalar: a single lane has no neighbours
    pair(x);
    kernel(pairs.data(), pairs.data(), pairs.size(), c.options);
    uint64_t moved = 0;
    for (size_t i = 0; i < x.size(); i++) moved += differ(y[i], pairs[2 * i]);
    return moved;
  }
};

// Counts the results of the pass that gives softplus and its derivative which are not those of the two by themselves.
uint64_t countUnlikeSeparate(const Case& c, const Backend& backend, const std::vector<float>& x) {
  std::vector<float> value = x, slope(x.size()), separate(x.size());
  c.chosen(backend.withDerivative)(value.data(), value.data(), slope.data(), x.size(), c.options);
  uint64_t unlike = 0;
  for (const auto& [function, got] : {std::pair(softplusFunction, &value), std::pair(derivativeFunction, &slope)}) {
    c.chosen(firstBackend().functions[function].ways)(x.data(), separate.data(), x.size(), c.options);
    for (size_t i = 0; i < x.size(); i++) unlike += differ(separate[i], (*got)[i]);
  }
  return unlike;
}

// Counts the x > -87 that inverse(softplus(x)) makes infinite.
uint64_t countLost(const std::vector<float>& x, const float* y) {
  std::vector<float> back(x.size());
  firstBackend().functions[inverseFunction].ways.plain(y, back.data(), x.size(), {});
  uint64_t lost = 0;
  for (size_t i = 0; i < x.size(); i++) lost += x[i] > -87.0f && std::isfinite(x[i]) && !std::isfinite(back[i]);
  return lost;
}

// Inputs `from`, `from + stride`, ... below `to`, of the 2^32 in ascending order.
Findings examine(const Case& c, uint64_t from, uint64_t to, uint64_t stride) {
  constexpr size_t chunk = 1 << 16;
  Findings found;
  std::vector<float> x, y(chunk), other(chunk);
  Evaluator evaluator{c, {}};
  float previous = from >= stride ? floatAt(from - stride) : NAN;
  c.kernel(firstBackend())(&previous, &previous, 1, c.options);
  for (uint64_t at = from; at < to;) {
    x.clear();
    for (; x.size() < chunk && at < to; at += stride) x.push_back(floatAt(at));
    const Backend* const* backend = availableBackends().begin();
    found.mismatches += evaluator.evaluate(**backend, x, y.data());
    while (++backend != availableBackends().end()) {
      found.mismatches += evaluator.evaluate(**backend, x, other.data());
      for (size_t i = 0; i < x.size(); i++) found.mismatches += differ(y[i], other[i]);
    }
    if (c.plain && c.function == softplusFunction) found.lost += countLost(x, y.data());
    if (c.function == softplusFunction) {
      evaluator.pair(x);
      for (const Backend* each : availableBackends()) {
        found.mismatches += countUnlikeSeparate(c, *each, x);
        if (each != &lastBackend()) found.mismatches += countUnlikeSeparate(c, *each, evaluator.pairs);
      }
    }
    for (size_t i = 0; i < x.size(); i++) {
      judge(c, x[i], y[i], found);
      found.decreasing += y[i] < previous;
      previous = y[i];
    }
  }
  return found;
}

Findings examineAll(const Case& c, uint64_t stride) {
  const unsigned parts = std::max(1u, std::thread::hardware_concurrency());
  const uint64_t inputs = ((uint64_t{1} << 32) + stride - 1) / stride, each = (inputs + parts - 1) / parts;
  std::vector<Findings> findings(parts);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < parts; i++)
    threads.emplace_back([&, i] {
      const uint64_t from = std::min(i * each, inputs), to = std::min((i + 1) * each, inputs);
      findings[i] = examine(c, from * stride, to * stride, stride);
    });
  for (auto& thread : threads) thread.join();
  Findings all;
  for (const auto& f : findings) all.merge(f);
  return all;
}

bool holds(const Case& c, const Findings& f) {
  return f.mismatches == 0 && f.worst <= c.bound() && f.wrongSpecials == 0 && f.negative == 0 && f.lost == 0 &&
         (!c.isMonotone() || f.decreasing == 0);
}

void print(const Case& c, const Findings& f, bool json) {
  const char* name = firstBackend().functions[c.function].name;
  if (json) {
    std::printf("{\"function\":\"%s\",\"beta\":%.9g,\"inputs\":%" PRIu64
                ",\"maxUlp\":%.4f,\"witness\":\"%a\",\"got\":\"%a\","
                "\"want\":\"%a\",\"notCorrectlyRounded\":%" PRIu64 ",\"mismatches\":%" PRIu64 ",\"decreasing\":%" PRIu64
                ",\"monotone\":%s,\"hash\":\"%016" PRIx64 "\",\"holds\":%s}\n",
                name, static_cast<double>(c.options.beta), f.inputs, f.worst, static_cast<double>(f.witness),
                static_cast<double>(f.got), f.want, f.incorrect, f.mismatches, f.decreasing,
                c.isMonotone() ? "true" : "false", f.hash, holds(c, f) ? "true" : "false");
  } else {
    std::printf("%-15s beta %-6.9g %11" PRIu64 " inputs  max %.4f ULP at %-16a  not correctly rounded %10" PRIu64
                "  mismatches %" PRIu64 "  decreasing %" PRIu64 "  hash %016" PRIx64 "%s\n",
                name, static_cast<double>(c.options.beta), f.inputs, f.worst, static_cast<double>(f.witness),
                f.incorrect, f.mismatches, f.decreasing, f.hash, holds(c, f) ? "" : "  BROKEN");
    if (!holds(c, f))
      std::printf("    f(%a) gave %a, the true value is %a; wrong specials %" PRIu64 ", negative %" PRIu64
                  ", lost by the inverse %" PRIu64 "\n",
                  static_cast<double>(f.witness), static_cast<double>(f.got), f.want, f.wrongSpecials, f.negative,
                  f.lost);
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
  Case prototype{softplusFunction, {1.0f, INFINITY}};
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
      prototype.options.beta = std::strtof(argv[i], nullptr);
    } else if (flag == "--threshold") {
      prototype.options.threshold = std::strtof(argv[i], nullptr);
      prototype.hasThreshold = true;
    } else {
      usage();
    }
    prototype.plain = false;
  }
  prototype.plain = prototype.options.beta == 1.0f && !prototype.hasThreshold;
  if (stride == 0 || prototype.options.beta == 0) usage();

  std::fprintf(stderr, "backends:");
  for (const Backend* backend : availableBackends()) std::fprintf(stderr, " %s", backend->name);
  std::fprintf(stderr, "\n");
  bool all = true;
  for (int f = 0; f < functionCount; f++) {
    Case c = prototype;
    c.function = static_cast<Function>(f);
    if (c.kernel(firstBackend()) == nullptr) continue;
    const Findings found = examineAll(c, stride);
    print(c, found, json);
    all = all && holds(c, found);
  }
  return all ? 0 : 1;
}
