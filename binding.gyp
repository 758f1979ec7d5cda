{
  # The addon, as node-gyp builds it. native/backends.json has the sources, the instruction sets and all flags of GCC and clang.
  "includes": ["native/backends.json"],
  "variables": {
    # SOFTPLUS_WERROR=1, set in CI, makes warnings errors. Never by default: a newer compiler's new warnings must not break a
    # user's build.
    "softplus_werror%": 0
  },
  "target_defaults": {
    # Node's own flags that ours replace.
    "cflags!": ["-fno-omit-frame-pointer", "-O3"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["<@(common_flags)"],
    "xcode_settings": {
      # gyp ignores OTHER_CFLAGS for C++ where this is set.
      "OTHER_CPLUSPLUSFLAGS": ["<@(common_flags)"]
    },
    # Whole-program optimisation would merge one instruction set's code into another's.
    "msvs_settings": {
      "VCCLCompilerTool": {
        "WholeProgramOptimization": "false",
        "AdditionalOptions": ["<@(common_msvc_flags)"]
      }
    },
    "conditions": [
      ["softplus_werror == 1", {
        "cflags_cc": ["-Werror"],
        "xcode_settings": { "GCC_TREAT_WARNINGS_AS_ERRORS": "YES" },
        "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/WX"] } }
      }]
    ],
    # Backends include no headers of Node, so they compile cleanly with every warning.
    "target_conditions": [
      ["_type == 'static_library'", {
        "cflags": ["<@(warnings)", "-fPIC"],
        "xcode_settings": { "WARNING_CFLAGS": ["<@(warnings)"] }
      }]
    ]
  },
  "targets": [
    {
      "target_name": "softplus",
      "sources": ["<@(addon_sources)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["<@(addon_defines)"],
      "cflags_cc": ["-Wall", "-Wextra"],
      "xcode_settings": { "WARNING_CFLAGS": ["-Wall", "-Wextra"] },
      "conditions": [
        ["target_arch == 'x64'", { "dependencies": ["<@(x64_backends)"] },
         "target_arch == 'arm64'", { "dependencies": ["<@(arm64_backends)"] },
         { "dependencies": ["<@(other_backends)"] }],
        # A user's compiler may be newer than the libraries of the machine that runs the addon.
        ["OS == 'linux'", { "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL"] }]
      ]
    },
    { "target_name": "scalar", "type": "static_library", "sources": ["native/backends/scalar.cc"] }
  ],
  "conditions": [
    ["target_arch == 'x64'", {
      "targets": [
        {
          "target_name": "avx2",
          "type": "static_library",
          "sources": ["native/backends/avx2.cc"],
          "win_delay_load_hook": "false",
          "cflags": ["<@(avx2_flags)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx2_flags)"] },
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["<@(avx2_msvc_flags)"] } }
        },
        {
          "target_name": "avx512",
          "type": "static_library",
          "sources": ["native/backends/avx512.cc"],
          "win_delay_load_hook": "false",
          "cflags": ["<@(avx512_flags)"],
          "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["<@(avx512_flags)"] },
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["<@(avx512_msvc_flags)"] } }
        }
      ]
    }],
    ["target_arch == 'arm64'", {
      "targets": [{ "target_name": "neon", "type": "static_library", "sources": ["native/backends/neon.cc"] }]
    }]
  ]
}
