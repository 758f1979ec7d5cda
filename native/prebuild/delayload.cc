// Finds the functions of Node-API on Windows, in the program that loaded the addon, whatever the name of its file is:
// node.exe, a renamed node.exe, or electron.exe.
//
// The linker writes a stub for each function of a library that is loaded late. On its first call the stub calls
// __delayLoadHelper2, which is Microsoft's name for it. Here node.exe is the only such library.
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
// Needs <windows.h>.
#include <delayimp.h>

#include <cstdlib>

extern "C" {

// Where the linker has put the addon. Offsets in its tables count from here.
extern const char __ImageBase;

FARPROC WINAPI __delayLoadHelper2(const ImgDelayDescr* library, FARPROC* slot) {
  // Node itself can be a library, which node.exe loads.
  HMODULE host = GetModuleHandleW(L"libnode.dll");
  if (host == nullptr) host = GetModuleHandleW(nullptr);
  const auto* slots = reinterpret_cast<const FARPROC*>(&__ImageBase + library->rvaIAT);
  const auto* names = reinterpret_cast<const IMAGE_THUNK_DATA*>(&__ImageBase + library->rvaINT);
  const auto* name = reinterpret_cast<const IMAGE_IMPORT_BY_NAME*>(&__ImageBase + names[slot - slots].u1.AddressOfData);
  const FARPROC found = GetProcAddress(host, name->Name);
  // A program without Node-API 8 could not have loaded the addon.
  if (found == nullptr) std::abort();
  *static_cast<FARPROC volatile*>(slot) = found;
  return found;
}
}
