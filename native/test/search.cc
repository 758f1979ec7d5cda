// Searches for the largest errors with a beta, where there are too many pairs of beta and x to run all of them.
//
//   search [--pairs N] [--seed S] [--json | --emit]
//   search --verify | --measure
//
// One block of pairs in four is random: betas of any bits, including subnormal, huge and negative ones. The product of
// beta and x is anywhere, or where the computation takes another path: at the borders of cells, at 14.75, at the
// multiples of ln 2 by which far values are moved, at the floors, and for the inverse at the products of two floats
// that come nearest to ln 2, which are found by trying every beta. The other blocks climb: each starts from one of the
// worst pairs so far and changes the last bits of both. Every backend of this machine must give the same bits.
//
// --emit writes the pairs and their results to stdout as blocks: the function's number and the number of pairs as
// uint32, beta, all x, all results as float32, little-endian. --verify reads blocks from stdin and compares the
// backends of this machine with them. --measure reads blocks and prints the largest error of each function in them.
// Exit code 1 if an error is above its bound or bits differ, 2 for wrong usage.
#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../dispatch.h"
#include "floats.h"
#include "reference.h"

namespace {

using namespace softplus;

// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers everywhere, unlike the library's distributions.
struct Random {
  uint64_t state;
  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // One of 0, ..., count - 1.
  uint64_t below(uint64_t count) { return next() % count; }
  double between(double from, double to) { return from + (to - from) * static_cast<double>(next() >> 11) * 0x1p-53; }
  // Of either sign, mostly near 0, sometimes far from it.
  int step(int largest) {
    const int size = static_cast<int>(below(uint64_t{1} << below(static_cast<uint64_t>(largest))));
    return next() & 1 ? size : -size;
  }
};

// The float that is so many bit patterns further from zero.
float moved(float value, int steps) { return fromBits(bitsOf(value) + static_cast<uint32_t>(steps)); }

bool isUsable(float beta) { return std::isfinite(beta) && beta != 0; }

struct Pair {
  float beta, x;
};

struct Found {
  double error = -1;
  Pair at = {};
  float got = 0;
  double want = 0;
};

// A result beside its true value.
Found judge(Function function, const Pair& pair, float got) {
  const double want = reference<double>(function, pair.x, {pair.beta}, false);
  return {errorOf(got, want), pair, got, want};
}

// The pairs of 24-bit integers whose product comes nearest to ln 2 times a power of two. Both are scaled to floats
// around 1.
std::vector<Pair> productsNearestToLn2() {
  constexpr long double ln2 = 0xb.17217f7d1cf79abp-4L;
  std::vector<std::pair<long double, Pair>> nearest;
  for (int exponent : {46, 47, 48}) {
    const long double target = std::ldexp(ln2, exponent);
    for (uint32_t m = 1u << 23; m < 1u << 24; m++) {
      const long double other = std::rint(target / m);
      const long double distance = std::fabs(target - other * m);  // their product is exact
      if (other < 0x1p23L || other >= 0x1p24L || distance * std::ldexp(1.0L, 48 - exponent) > 4096) continue;
      const float beta = std::ldexp(static_cast<float>(m), -24);
      nearest.push_back({distance, {beta, std::ldexp(static_cast<float>(other), 24 - exponent)}});
    }
  }
  std::sort(nearest.begin(), nearest.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second.beta < b.second.beta;
  });
  std::vector<Pair> pairs;
  for (const auto& [distance, pair] : nearest) pairs.push_back(pair);
  return pairs;
}

// Writes the results of the first backend into y, unless they are there already. Counts the results that differ from y.
uint64_t compare(Function function, float beta, const std::vector<float>& x, std::vector<float>& y) {
  std::vector<float> results(x.size());
  uint64_t mismatches = 0;
  for (const Backend* backend : availableBackends()) {
    const Scaling scaling = {beta, std::numeric_limits<float>::infinity()};
    backend->functions[function].ways.withBeta(x.data(), results.data(), x.size(), scaling);
    if (y.size() != x.size()) y = results;
    for (size_t i = 0; i < x.size(); i++) mismatches += differ(y[i], results[i]);
  }
  return mismatches;
}

class Search {
 public:
  Search(Function searched, uint64_t seed, bool emitting)
      : function(searched), random{seed * 0x9e3779b97f4a7c15u + searched}, isEmitting(emitting) {
    if (function == inverseFunction) nearestToLn2 = productsNearestToLn2();
  }

  void run(uint64_t count) {
    for (size_t i = 0; i < nearestToLn2.size() && pairs < count / 2; i++) tryNearLn2(nearestToLn2[i]);
    while (pairs < count) {
      const uint64_t choice = random.below(4);
      const std::vector<Found>& place = choice == 1 ? worstPlace() : places[random.below(places.size())];
      if (choice != 0 && !place.empty())
        climb(place[random.below(place.size())].at);
      else
        draw();
    }
  }

  uint64_t pairs = 0, mismatches = 0;

  Found worst() const { return worstPlace().empty() ? Found{} : worstPlace().front(); }

 private:
  static constexpr size_t mostKept = 4;
  static constexpr int longestBlock = 255;

  const Function function;
  Random random;
  const bool isEmitting;
  std::vector<Pair> nearestToLn2;
  std::vector<float> x, y;
  // The largest errors for each place where beta x can be, the largest first. A place is half a cell wide, 16 further
  // out.
  std::vector<std::vector<Found>> places = std::vector<std::vector<Found>>(2 * (64 + 24));

  const std::vector<Found>& worstPlace() const {
    const auto worstOf = [](const std::vector<Found>& place) { return place.empty() ? -1 : place.front().error; };
    return *std::max_element(places.begin(), places.end(),
                             [&](const auto& a, const auto& b) { return worstOf(a) < worstOf(b); });
  }

  static size_t placeOf(const Pair& pair) {
    const double product = static_cast<double>(pair.beta) * static_cast<double>(pair.x), size = std::fabs(product);
    if (std::isnan(product)) return 0;
    const size_t place = static_cast<size_t>(size < 16 ? 4 * size : std::min(64 + size / 16, 87.0));
    return 2 * place + (product < 0);
  }

  void tryNearLn2(const Pair& pair) {
    const int shift = random.step(8);
    const float sign = random.next() & 1 ? 1.0f : -1.0f;
    x.clear();
    const float around = sign * std::ldexp(pair.x, -shift);
    for (int step = -1; step <= 1; step++) x.push_back(moved(around, step));
    evaluate(sign * std::ldexp(pair.beta, shift));
  }

  void draw() {
    const float beta = anyBeta();
    x.clear();
    const int length = function == inverseFunction ? 63 : longestBlock;
    while (x.size() < static_cast<size_t>(length)) {
      const double product = anyProduct();
      const float around = static_cast<float>(product / static_cast<double>(beta));
      if (random.below(16) == 0) x.push_back(fromBits(static_cast<uint32_t>(random.next())));
      x.push_back(moved(around, random.step(12)));
    }
    evaluate(beta);
  }

  float anyBeta() {
    for (;;) {
      float beta = fromBits(static_cast<uint32_t>(random.next()));
      switch (random.below(6)) {
        case 0:  // any
          break;
        case 1:  // around a power of two, the largest and the smallest ones too
          beta = moved(std::ldexp(1.0f, static_cast<int>(random.below(277)) - 149), random.step(4));
          break;
        case 2:  // subnormal
          beta = fromBits(static_cast<uint32_t>(random.next()) & 0x807fffffu);
          break;
        default:  // as people use them
          beta =
              std::ldexp(fromBits((bitsOf(beta) & 0x807fffffu) | 0x3f800000u), static_cast<int>(random.below(20)) - 9);
      }
      if (isUsable(beta)) return beta;
    }
  }

  double anyProduct() {
    constexpr double ln2 = 0x1.62e42fefa39efp-1;
    const double sign = random.next() & 1 ? 1 : -1;
    switch (random.below(8)) {
      case 0:  // the borders of cells
        return sign * (static_cast<double>(random.below(31)) / 2 + 0.25);
      case 1:
        return sign * 14.75;
      case 2:  // where far values change their exponent, and the floors
        return random.below(8) ? -(21.5 + static_cast<double>(random.below(500))) * ln2
                               : -104.5 - 0.6932 * static_cast<double>(random.below(151));
      case 3:
        return random.between(-360, 20);
      case 4:
        return random.between(-110, -14);
      case 5:  // tiny ones
        return sign * std::exp(random.between(-200, 0));
      case 6:
        return function == inverseFunction ? random.below(2) ? ln2 : 17.5 : sign * random.between(0, 2);
      default:
        return sign * random.between(0, 15);
    }
  }

  // Neighbours of a pair, close by and further off.
  void climb(const Pair& from) {
    const float beta = moved(from.beta, random.step(24));
    if (!isUsable(beta)) return draw();
    const double product = static_cast<double>(from.beta) * static_cast<double>(from.x);
    const float around = moved(static_cast<float>(product / static_cast<double>(beta)), random.step(21));
    x.clear();
    for (int step = -16; step <= 16; step++) x.push_back(moved(around, step));
    evaluate(beta);
  }

  void evaluate(float beta) {
    y.clear();
    mismatches += compare(function, beta, x, y);
    for (size_t i = 0; i < x.size(); i++) {
      const Found found = judge(function, {beta, x[i]}, y[i]);
      if (found.error > 0 || (std::isfinite(found.got) && std::isfinite(found.want))) keep(found);
    }
    pairs += x.size();
    if (isEmitting) emit(beta);
  }

  void keep(const Found& found) {
    std::vector<Found>& place = places[placeOf(found.at)];
    if (place.size() == mostKept && found.error <= place.back().error) return;
    const auto isSame = [&](const Found& kept) { return bitsOf(kept.at.beta) == bitsOf(found.at.beta); };
    const auto same = std::find_if(place.begin(), place.end(), isSame);
    if (same != place.end() && found.error <= same->error) return;
    if (same != place.end())
      place.erase(same);
    else if (place.size() == mostKept)
      place.pop_back();
    const auto isSmaller = [&](const Found& kept) { return kept.error < found.error; };
    place.insert(std::find_if(place.begin(), place.end(), isSmaller), found);
  }

  void emit(float beta) const {
    const uint32_t head[] = {static_cast<uint32_t>(function), static_cast<uint32_t>(x.size())};
    bool isWritten = std::fwrite(head, sizeof head, 1, stdout) == 1;
    isWritten = isWritten && std::fwrite(&beta, sizeof beta, 1, stdout) == 1;
    isWritten = isWritten && std::fwrite(x.data(), sizeof(float), x.size(), stdout) == x.size();
    isWritten = isWritten && std::fwrite(y.data(), sizeof(float), y.size(), stdout) == y.size();
    if (!isWritten) std::exit(2);
  }
};

const char* nameOf(Function function) { return availableBackends().front().functions[function].name; }

bool print(Function function, const Search& search, bool json) {
  const Found found = search.worst();
  const double bound = boundOf(function, true);
  const bool holds = search.mismatches == 0 && found.error <= bound;
  const char* line = json ? "{\"function\":\"%s\",\"pairs\":%" PRIu64
                            ",\"maxUlp\":%.4f,\"beta\":\"%a\",\"x\":\"%a\",\"got\":\"%a\",\"want\":\"%a\","
                            "\"bound\":%g,\"mismatches\":%" PRIu64 ",\"holds\":%s}\n"
                          : "%-16s %11" PRIu64
                            " pairs  max %.4f ULP at beta %a, x %a: got %a, want %a  bound %g  mismatches %" PRIu64
                            "  holds: %s\n";
  std::printf(line, nameOf(function), search.pairs, found.error, static_cast<double>(found.at.beta),
              static_cast<double>(found.at.x), static_cast<double>(found.got), found.want, bound, search.mismatches,
              holds ? "true" : "false");
  std::fflush(stdout);
  return holds;
}

// Calls visit(function, beta, x, y) for each block on stdin. False if stdin is empty or ends in the middle of a block.
template <class Visit>
bool readBlocks(Visit visit) {
  bool isEmpty = true;
  for (uint32_t head[2]; std::fread(head, sizeof head, 1, stdin) == 1; isEmpty = false) {
    if (head[0] >= functionCount || head[1] == 0) return false;
    float beta;
    std::vector<float> x(head[1]), y(head[1]);
    if (std::fread(&beta, sizeof beta, 1, stdin) != 1) return false;
    if (std::fread(x.data(), sizeof(float), x.size(), stdin) != x.size()) return false;
    if (std::fread(y.data(), sizeof(float), y.size(), stdin) != y.size()) return false;
    visit(static_cast<Function>(head[0]), beta, x, y);
  }
  return std::feof(stdin) && !isEmpty;
}

bool verify() {
  uint64_t pairs = 0, mismatches = 0;
  const bool isRead = readBlocks([&](Function function, float beta, const auto& x, auto& y) {
    pairs += x.size();
    mismatches += compare(function, beta, x, y);
  });
  std::printf("%" PRIu64 " pairs, %" PRIu64 " mismatches\n", pairs, mismatches);
  return isRead && mismatches == 0;
}

bool measure() {
  Found worst[functionCount];
  bool hold = readBlocks([&](Function function, float beta, const auto& x, const auto& y) {
    for (size_t i = 0; i < x.size(); i++) {
      const Found found = judge(function, {beta, x[i]}, y[i]);
      if (found.error > worst[function].error) worst[function] = found;
    }
  });
  for (int i = 0; i < functionCount; i++) {
    const Found& found = worst[i];
    if (found.error < 0) continue;
    const Function function = static_cast<Function>(i);
    std::printf("{\"function\":\"%s\",\"maxUlp\":%.4f,\"beta\":\"%a\",\"x\":\"%a\",\"got\":\"%a\",\"want\":\"%a\"}\n",
                nameOf(function), found.error, static_cast<double>(found.at.beta), static_cast<double>(found.at.x),
                static_cast<double>(found.got), found.want);
    hold = hold && found.error <= boundOf(function, found.at.beta != 1);
  }
  return hold;
}

[[noreturn]] void usage() {
  std::fprintf(stderr, "usage: search [--pairs N] [--seed S] [--json | --emit], or search --verify | --measure\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t pairs = 10000000, seed = 1;
  bool json = false, emitting = false;
  for (int i = 1; i < argc; i++) {
    const std::string flag = argv[i];
    if (flag == "--json") {
      json = true;
    } else if (flag == "--emit") {
      emitting = true;
    } else if (argc == 2 && flag == "--verify") {
      return verify() ? 0 : 1;
    } else if (argc == 2 && flag == "--measure") {
      return measure() ? 0 : 1;
    } else if (i + 1 < argc && flag == "--pairs") {
      pairs = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && flag == "--seed") {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      usage();
    }
  }
  if (pairs == 0 || (json && emitting)) usage();
  bool all = true;
  for (int i = 0; i < functionCount; i++) {
    const Function function = static_cast<Function>(i);
    if (availableBackends().front().functions[function].ways.withBeta == nullptr) continue;
    Search search(function, seed, emitting);
    search.run(pairs);
    if (!emitting) all = print(function, search, json) && all;
  }
  return all ? 0 : 1;
}
