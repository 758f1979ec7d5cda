// The arguments of one call of DuckDB: which rows are NULL, and which rows have the same beta and threshold.
#pragma once

#include <duckdb_extension.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../functions.h"

// DuckDB's functions. It hands them over when it loads the extension.
DUCKDB_EXTENSION_EXTERN

namespace softplus {

template <class Value>
Value* valuesOf(duckdb_vector vector) {
  return static_cast<Value*>(duckdb_vector_get_data(vector));
}

// A validity mask has a bit for every row, which is 0 where the row is NULL. A null pointer stands for "no row is
// NULL".
constexpr idx_t rowsPerWord = 64;
constexpr idx_t wordsFor(idx_t rows) { return (rows + rowsPerWord - 1) / rowsPerWord; }
inline bool isValid(const uint64_t* mask, idx_t row) {
  return mask == nullptr || (mask[row / rowsPerWord] >> row % rowsPerWord & 1) != 0;
}

// The mask of a vector that is being written, with every row valid.
inline uint64_t* newMask(duckdb_vector vector, idx_t rows) {
  duckdb_vector_ensure_validity_writable(vector);
  uint64_t* mask = duckdb_vector_get_validity(vector);
  std::memset(mask, 0xff, wordsFor(rows) * sizeof *mask);
  return mask;
}

// Writes a number as JavaScript does, for the "got ..." of an error, which only numbers far from 1 and NaN reach.
inline void writeNumber(char (&text)[32], double value) {
  if (std::isnan(value) || std::isinf(value) || value == 0) {
    std::snprintf(text, sizeof text, "%s",
                  std::isnan(value) ? "NaN"
                  : value == 0      ? "0"
                  : value > 0       ? "Infinity"
                                    : "-Infinity");
    return;
  }
  // The fewest digits that are read as the same number.
  for (int digits = 1; digits <= 17; digits++) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) return;
  }
}

inline bool refuse(duckdb_function_info info, const char* name, const char* expected, double got) {
  char number[32], message[128];
  writeNumber(number, got);
  std::snprintf(message, sizeof message, "%s must be %s; got %s", name, expected, number);
  duckdb_scalar_function_set_error(info, message);
  return false;
}

// Rounds down. No float lies between the two, so p > threshold stays the same for all floats p.
inline float roundDown(double threshold) {
  const float rounded = static_cast<float>(threshold);
  if (!(static_cast<double>(rounded) > threshold)) return rounded;
  int32_t bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  bits += rounded > 0 ? -1 : 1;
  float below;
  std::memcpy(&below, &bits, sizeof below);
  return below;
}

// Checks and rounds beta and threshold as src/api/options.ts does. Null stands for the default. Returns false after it
// has set the error of the query.
inline bool readScaling(duckdb_function_info info, const double* beta, const double* threshold, Scaling& scaling) {
  if (beta != nullptr) {
    scaling.beta = static_cast<float>(*beta);
    if (!std::isfinite(scaling.beta) || scaling.beta == 0)
      return refuse(info, "beta", "finite and not 0, also when rounded to float32", *beta);
  }
  if (threshold != nullptr) {
    if (std::isnan(*threshold)) return refuse(info, "threshold", "any number but NaN", *threshold);
    scaling.threshold = roundDown(*threshold);
  }
  return true;
}

// The rows of a call (x), (x, beta) or (x, beta, threshold). DuckDB has flattened its vectors: every row has a value of
// its own, even where an argument is a constant.
class Rows {
 public:
  // Makes the rows of `output` NULL in which an argument is NULL.
  Rows(duckdb_data_chunk chunk, duckdb_vector output) : count(duckdb_data_chunk_get_size(chunk)) {
    const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
    uint64_t* written = nullptr;
    for (idx_t column = 0; column < columns; column++) {
      const duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
      if (column == 0) x = vector;
      if (column > 0) scalings[column - 1] = valuesOf<const double>(vector);
      const uint64_t* mask = duckdb_vector_get_validity(vector);
      if (mask == nullptr) continue;
      if (written == nullptr) written = newMask(output, count);
      for (idx_t word = 0; word < wordsFor(count); word++) written[word] &= mask[word];
    }
    validity = written;
  }

  bool isValid(idx_t row) const { return softplus::isValid(validity, row); }

  // Calls visit(start, end, scaling) for every run of rows with the same beta and threshold. Rows that are NULL are in
  // the run before them; runs of nothing else are left out. Returns early once it has set the error of the query.
  template <class Visit>
  void forEachRun(duckdb_function_info info, Visit visit) const {
    const bool isOneRun = isConstant(scalings[0]) && isConstant(scalings[1]);
    for (idx_t start = 0; start < count;) {
      idx_t first = start;
      while (first < count && !isValid(first)) first++;
      if (first == count) return;
      idx_t end = isOneRun ? count : first + 1;
      while (end < count && (!isValid(end) || isSame(first, end))) end++;
      Scaling scaling;
      if (!readScaling(info, at(0, first), at(1, first), scaling)) return;
      visit(start, end, scaling);
      start = end;
    }
  }

  idx_t count;
  duckdb_vector x = nullptr;

 private:
  const double* at(int index, idx_t row) const { return scalings[index] == nullptr ? nullptr : scalings[index] + row; }

  // Whether every row has the bits of the one before it.
  bool isConstant(const double* values) const {
    return values == nullptr || count == 0 || std::memcmp(values, values + 1, (count - 1) * sizeof *values) == 0;
  }

  bool isSame(idx_t row, idx_t other) const {
    for (int index = 0; index < 2; index++)
      if (scalings[index] != nullptr && std::memcmp(at(index, row), at(index, other), sizeof(double)) != 0)
        return false;
    return true;
  }

  // beta and threshold
  const double* scalings[2] = {};
  const uint64_t* validity = nullptr;
};

}  // namespace softplus
