"""Prints how node-gyp compiles every source of binding.gyp on another system, as JSON: a list of {"target", "source", "flags"}.
tools/build/gyp.ts runs it.

  python3 gyp_commands.py GYP_PYLIB BINDING_GYP COMMON_GYPI ADDON_GYPI OS ARCH [NAME=VALUE...]

OS is linux, mac or win; each NAME is a variable of gyp. The flags are those of the compiler there: clang's on mac, cl's on win.
"""
import json
import sys
import types

pylib, build_file, common, addon, system, arch, *settings = sys.argv[1:]
sys.path.insert(0, pylib)

import gyp
import gyp.common
import gyp.xcode_emulation

# gyp asks Xcode for these. There is none here.
gyp.xcode_emulation.XcodeVersion = lambda: ("1500", "15A000")
gyp.xcode_emulation.XcodeSettings._SdkPath = lambda self, configname=None: ""

variables = {
    "OS": system,
    "target_arch": arch,
    "host_arch": arch,
    "node_root_dir": "/node",
    "node_gyp_dir": "/node-gyp",
    "node_lib_file": "node.lib",
    "module_root_dir": "/module",
    "node_engine": "v8",
    "standalone_static_library": 1,
    "error_on_warn": "false",
    "enable_lto": "false",
    "clang": int(system == "mac"),
    "library": "static_library",
    "visibility": "hidden",
}
variables.update((name, int(value) if value.isdigit() else value) for name, value in (s.split("=") for s in settings))
params = {
    "flavor": system,
    "parallel": False,
    "generator_flags": {},
    "root_targets": None,
    "options": types.SimpleNamespace(generator_output=".", toplevel_dir=".", depth="."),
    "build_files": [build_file],
    "target_arch": arch,
    "gyp_binary": "",
    "home_dot_gyp": None,
    "cwd": ".",
}
_generator, _names, targets, _data = gyp.Load([build_file], "compile_commands_json", variables, [addon, common], ".", params)


def flags_of(target):
    configuration = target["configurations"]["Release"]
    defines = [f"-D{name}" for name in configuration.get("defines", [])]
    if system == "mac":
        xcode = gyp.xcode_emulation.XcodeSettings(target)
        return defines + xcode.GetCflags("Release") + xcode.GetCflagsCC("Release")
    if system == "win":
        tool = configuration["msvs_settings"]["VCCLCompilerTool"]
        return defines + tool["AdditionalOptions"]
    return defines + configuration.get("cflags", []) + configuration.get("cflags_cc", [])


print(json.dumps([
    {"target": target["target_name"], "source": source, "flags": flags_of(target)}
    for target in targets.values()
    for source in target["sources"]
    if source.endswith(".cc")
]))
