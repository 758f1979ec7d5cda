{
  # Node-API version 8 is in every Node from 12.22 on; the package asks for 20.
  "variables": {
    # SOFTPLUS_WERROR=1, set in CI, makes warnings errors. Never by default: a newer compiler's new warnings must not break a
    # user's build.
    "softplus_werror%": 0,
    "warnings": ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
  },
  "target_defaults": {
    "cflags!": ["-fno-omit-frame-pointer", "-O3"],
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags": ["-O2", "-fvisibility=hidden"],
    "cflags_cc": ["-std=c++17", "-ffp-contract=off", "-fno-exceptions", "-fno-rtti"],
    # gyp passes OTHER_CFLAGS to C++ only as long as nobody sets OTHER_CPLUSPLUSFLAGS.
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
      "GCC_OPTIMIZATION_LEVEL": "2",
      "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
      "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
      "MACOSX_DEPLOYMENT_TARGET": "11.0",
      "OTHER_CPLUSPLUSFLAGS": ["-ffp-contract=off"]
    },
    # /fp:precise contracts nothing; whole-program optimisation would merge one instruction set's code into another's.
    "msvs_settings": {
      "VCCLCompilerTool": {
        "WholeProgramOptimization": "false",
        "AdditionalOptions": ["/std:c++17", "/fp:precise", "/W4"]
      }
    },
    "conditions": [
      ["softplus_werror == 1", {
        "cflags_cc": ["-Werror"],
        "xcode_settings": { "GCC_TREAT_WARNINGS_AS_ERRORS": "YES" },
        "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/WX"] } }
      }]
    ]
  },
  "targets": [
    {
      "target_name": "softplus",
      "sources": ["native/addon/addon.cc", "native/addon/launch.cc", "native/dispatch.cc"],
      "dependencies": ["scalar"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      # Node's and node-addon-api's headers compile cleanly only with these warnings.
      "cflags_cc": ["-Wall", "-Wextra"],
      "xcode_settings": { "WARNING_CFLAGS": ["-Wall", "-Wextra"] },
      "conditions": [
        ["target_arch == 'x64'", { "dependencies": ["avx2", "avx512"] }],
        ["target_arch == 'arm64'", { "dependencies": ["neon"] }],
        ["OS == 'linux'", { "ldflags": ["-static-libstdc++", "-static-libgcc", "-Wl,--exclude-libs,ALL"] }]
      ]
    },
    {
      "target_name": "scalar",
      "type": "static_library",
      "sources": ["native/backends/scalar.cc"],
      "cflags": ["<@(warnings)", "-fPIC"],
      "xcode_settings": { "WARNING_CFLAGS": ["<@(warnings)"] }
    }
  ],
  "conditions": [
    ["target_arch == 'x64'", {
      "variables": {
        "avx2_flags": ["-mavx2", "-mfma"],
        "avx512_flags": ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mavx2", "-mfma"]
      },
      "targets": [
        {
          "target_name": "avx2",
          "type": "static_library",
          "sources": ["native/backends/avx2.cc"],
          "win_delay_load_hook": "false",
          "cflags": ["<@(warnings)", "-fPIC", "<@(avx2_flags)"],
          "xcode_settings": {
            "WARNING_CFLAGS": ["<@(warnings)"],
            "OTHER_CPLUSPLUSFLAGS": ["<@(avx2_flags)"]
          },
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/arch:AVX2"] } }
        },
        {
          "target_name": "avx512",
          "type": "static_library",
          "sources": ["native/backends/avx512.cc"],
          "win_delay_load_hook": "false",
          # GCC 12 warns about its own avx512fintrin.h (its bug 105593).
          "cflags": [
            "<@(warnings)", "-fPIC", "-Wno-unknown-warning-option", "-Wno-uninitialized", "-Wno-maybe-uninitialized",
            "<@(avx512_flags)"
          ],
          "xcode_settings": {
            "WARNING_CFLAGS": ["<@(warnings)"],
            "OTHER_CPLUSPLUSFLAGS": ["<@(avx512_flags)"]
          },
          "msvs_settings": { "VCCLCompilerTool": { "AdditionalOptions": ["/arch:AVX512"] } }
        }
      ]
    }],
    ["target_arch == 'arm64'", {
      "targets": [
        {
          "target_name": "neon",
          "type": "static_library",
          "sources": ["native/backends/neon.cc"],
          "cflags": ["<@(warnings)", "-fPIC"],
          "xcode_settings": { "WARNING_CFLAGS": ["<@(warnings)"] }
        }
      ]
    }]
  ]
}
