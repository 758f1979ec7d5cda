// The DuckDB extension: every function of the list on FLOAT and FLOAT[], and softplus_backend().
//
// It uses the stable part of DuckDB's C API alone, so that one file serves many versions of DuckDB. The functions keep
// no state: DuckDB calls them in several threads at once, with up to 2,048 rows.
#include <cstdlib>

#include "../dispatch.h"
#include "rows.h"

duckdb_ext_api_v1 duckdb_ext_api;

namespace softplus {
namespace {

void compute(const FunctionEntry& function, const float* x, float* y, idx_t count, Scaling scaling) {
  const bool hasThreshold = scaling.threshold < Scaling().threshold;
  if (count > 0) chosen(function.ways, hasThreshold, scaling.beta != 1.0f)(x, y, count, scaling);
}

const FunctionEntry& functionOf(duckdb_function_info info) {
  return *static_cast<const FunctionEntry*>(duckdb_scalar_function_get_extra_info(info));
}

void callOnFloats(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output) {
  const Rows rows(chunk, output);
  const float* x = valuesOf<const float>(rows.x);
  float* y = valuesOf<float>(output);
  // What lies under a NULL is computed, too.
  rows.forEachRun(info, [&](idx_t start, idx_t end, Scaling scaling) {
    compute(functionOf(info), x + start, y + start, end - start, scaling);
  });
}

// Makes the elements NULL that are NULL in the lists of x.
void copyElementValidity(const Rows& rows, duckdb_vector x, const duckdb_list_entry* from, duckdb_vector y,
                         const duckdb_list_entry* to, idx_t total) {
  const uint64_t* mask = duckdb_vector_get_validity(x);
  if (mask == nullptr || total == 0) return;
  uint64_t* written = newMask(y, total);
  for (idx_t row = 0; row < rows.count; row++)
    for (idx_t i = 0; i < to[row].length; i++)
      if (const idx_t at = to[row].offset + i; !isValid(mask, from[row].offset + i))
        written[at / rowsPerWord] &= ~(uint64_t{1} << at % rowsPerWord);
}

// Rows may share the elements of one list, with a beta each. So the results are laid out anew.
void callOnLists(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output) {
  const Rows rows(chunk, output);
  const auto* from = valuesOf<const duckdb_list_entry>(rows.x);
  auto* to = valuesOf<duckdb_list_entry>(output);
  idx_t total = 0;
  for (idx_t row = 0; row < rows.count; row++) {
    to[row] = {total, rows.isValid(row) ? from[row].length : 0};
    total += to[row].length;
  }
  duckdb_list_vector_reserve(output, total);
  duckdb_list_vector_set_size(output, total);
  const duckdb_vector xElements = duckdb_list_vector_get_child(rows.x),
                      yElements = duckdb_list_vector_get_child(output);
  copyElementValidity(rows, xElements, from, yElements, to, total);
  const float* x = valuesOf<const float>(xElements);
  float* y = valuesOf<float>(yElements);
  rows.forEachRun(info, [&](idx_t start, idx_t end, Scaling scaling) {
    // Lists that follow each other in memory, as they do in a table, are one array.
    for (idx_t row = start; row < end;) {
      const idx_t first = row, begin = from[first].offset;
      idx_t length = to[first].length;
      for (row++; row < end && length > 0 && (to[row].length == 0 || from[row].offset == begin + length); row++)
        length += to[row].length;
      compute(functionOf(info), x + begin, y + to[first].offset, length, scaling);
    }
  });
}

void callBackend(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output) {
  const char* name = static_cast<const Backend*>(duckdb_scalar_function_get_extra_info(info))->name;
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); row++)
    duckdb_vector_assign_string_element(output, row, name);
}

// The name in SQL: softplus.secondDerivative is softplus_second_derivative. src/duckdb.ts does the same.
void writeSqlName(char (&name)[64], const char* publicName) {
  size_t length = 0;
  for (const char* from = publicName; *from != 0 && length + 2 < sizeof name; from++) {
    const bool isCapital = *from >= 'A' && *from <= 'Z';
    if (isCapital) name[length++] = '_';
    name[length++] = *from == '.' ? '_' : isCapital ? static_cast<char>(*from - 'A' + 'a') : *from;
  }
  name[length] = 0;
}

// Adds a function on values of `type`, followed by `scalings` numbers of type DOUBLE.
bool addOverload(duckdb_scalar_function_set set, const char* name, duckdb_logical_type type, int scalings,
                 duckdb_scalar_function_t call, const FunctionEntry& function) {
  duckdb_logical_type doubleType = duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
  duckdb_scalar_function overload = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(overload, name);
  duckdb_scalar_function_add_parameter(overload, type);
  for (int i = 0; i < scalings; i++) duckdb_scalar_function_add_parameter(overload, doubleType);
  duckdb_scalar_function_set_return_type(overload, type);
  duckdb_scalar_function_set_extra_info(overload, const_cast<FunctionEntry*>(&function), nullptr);
  duckdb_scalar_function_set_function(overload, call);
  const bool isDone = duckdb_add_scalar_function_to_set(set, overload) == DuckDBSuccess;
  duckdb_destroy_scalar_function(&overload);
  duckdb_destroy_logical_type(&doubleType);
  return isDone;
}

bool registerFunction(duckdb_connection connection, const FunctionEntry& function) {
  char name[64];
  writeSqlName(name, function.publicName);
  duckdb_logical_type floatType = duckdb_create_logical_type(DUCKDB_TYPE_FLOAT);
  duckdb_logical_type listType = duckdb_create_list_type(floatType);
  duckdb_scalar_function_set set = duckdb_create_scalar_function_set(name);
  bool isDone = true;
  const int mostScalings = function.ways.withBeta == nullptr ? 0 : 2;
  for (int scalings = 0; scalings <= mostScalings; scalings++)
    isDone = isDone && addOverload(set, name, floatType, scalings, callOnFloats, function) &&
             addOverload(set, name, listType, scalings, callOnLists, function);
  isDone = isDone && duckdb_register_scalar_function_set(connection, set) == DuckDBSuccess;
  duckdb_destroy_scalar_function_set(&set);
  duckdb_destroy_logical_type(&listType);
  duckdb_destroy_logical_type(&floatType);
  return isDone;
}

bool registerBackend(duckdb_connection connection, const Backend& backend) {
  duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "softplus_backend");
  duckdb_scalar_function_set_return_type(function, type);
  duckdb_scalar_function_set_extra_info(function, const_cast<Backend*>(&backend), nullptr);
  duckdb_scalar_function_set_function(function, callBackend);
  const bool isDone = duckdb_register_scalar_function(connection, function) == DuckDBSuccess;
  duckdb_destroy_scalar_function(&function);
  duckdb_destroy_logical_type(&type);
  return isDone;
}

// The backend that SOFTPLUS_BACKEND names, or the best; null if what it names cannot run here.
const Backend* selectBackend(const char* forced) {
  if (forced == nullptr || *forced == 0) return &availableBackends().front();
  for (const Backend* backend : availableBackends())
    if (std::strcmp(backend->name, forced) == 0) return backend;
  return nullptr;
}

// "SOFTPLUS_BACKEND must be avx2 or scalar here, or empty; got "neon"", as the package says it.
template <size_t size>
void writeRefusal(char (&message)[size], const char* forced) {
  char names[64] = "";
  size_t left = availableBackends().count;
  for (const Backend* backend : availableBackends()) {
    const char* separator = --left == 0 ? "" : left == 1 ? " or " : ", ";
    const size_t length = std::strlen(names);
    std::snprintf(names + length, sizeof names - length, "%s%s", backend->name, separator);
  }
  std::snprintf(message, size, "SOFTPLUS_BACKEND must be %s here, or empty; got \"%.64s\"", names, forced);
}

bool registerAll(duckdb_database database, const Backend& backend) {
  duckdb_connection connection;
  if (duckdb_connect(database, &connection) != DuckDBSuccess) return false;
  bool isDone = registerBackend(connection, backend);
  for (const FunctionEntry& function : backend.functions) isDone = isDone && registerFunction(connection, function);
  duckdb_disconnect(&connection);
  return isDone;
}

bool initialize(duckdb_extension_info info, const duckdb_extension_access& access) {
  const void* api = access.get_api(info, DUCKDB_EXTENSION_API_VERSION_STRING);
  // DuckDB is older than the API, and has said so.
  if (api == nullptr) return false;
  duckdb_ext_api = *static_cast<const duckdb_ext_api_v1*>(api);
  char problem[256] = "softplus could not register its functions: others have their names";
  const char* forced = std::getenv("SOFTPLUS_BACKEND");
  const Backend* backend = selectBackend(forced);
  if (backend == nullptr)
    writeRefusal(problem, forced);
  else if (registerAll(*access.get_database(info), *backend))
    return true;
  access.set_error(info, problem);
  return false;
}

}  // namespace
}  // namespace softplus

// DuckDB derives this name from the name of the file.
extern "C" DUCKDB_CAPI_ENTRY_VISIBILITY bool softplus_init_c_api(duckdb_extension_info info,
                                                                 duckdb_extension_access* access) {
  return softplus::initialize(info, *access);
}
