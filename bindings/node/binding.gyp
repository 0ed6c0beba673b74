{
  "targets": [
    {
      "target_name": "spectacles",
      "sources": [
        "src/addon.c", "src/batch.c", "src/broker.c", "src/constants.c", "src/engine.c", "src/gateway.c", "src/gateway_looks.c",
        "src/headers.c", "src/link.c", "src/routing.c", "src/shard.c", "src/values.c"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["<!@(pkg-config --cflags spectacles)", "-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"],
      "libraries": ["<!@(pkg-config --libs spectacles)", "-Wl,-rpath,'$$ORIGIN'"],
      "xcode_settings": {
        "OTHER_CFLAGS": ["<!@(pkg-config --cflags spectacles)", "-std=gnu11"]
      }
    }
  ]
}
