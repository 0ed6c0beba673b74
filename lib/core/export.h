#ifndef SP_CORE_EXPORT_H
#define SP_CORE_EXPORT_H

/*
 * Marks public functions where they are defined. Public headers stay free of attributes, so that FFI generators read
 * them.
 */
#if defined(__GNUC__) || defined(__clang__)
#define SPECTACLES_EXPORT __attribute__((visibility("default")))
#define SP_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define SPECTACLES_EXPORT
#define SP_PRINTF(at, first)
#endif

#endif
