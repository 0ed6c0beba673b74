#ifndef SP_CORE_CONFIG_H
#define SP_CORE_CONFIG_H

#include <spectacles/types.h>

/*
 * Reads a struct that begins with its size, a uint32_t (types.h). `out` holds the defaults, `known` bytes. The caller's
 * struct replaces them as far as it goes: it is shorter when the caller has an older header. With a newer header it is
 * longer; what lies beyond `known` has to be zero. Returns 0, or:
 *   SPECTACLES_E_INVAL        the size is not set
 *   SPECTACLES_E_UNSUPPORTED  a field that this library does not know is set
 */
int sp_config_read(void *out, size_t known, const void *in);

/* sp_config_read() of a configuration. A failure is told in `problem`, which may be NULL. */
int sp_config_take(void *out, size_t known, const void *in, spectacles_problem *problem);

/* Writes the defaults to a struct of the caller that has `size` bytes, and sets its size. */
void sp_config_write(void *out, size_t size, const void *defaults, size_t known);

/*
 * Copies a struct to a caller whose struct says in its size how much room it has. Returns 0, or SPECTACLES_E_INVAL when
 * the size is not set.
 */
int sp_stats_write(void *out, const void *stats, size_t known);

/*
 * Fills a problem, which may be NULL, and returns error: `return sp_refuse(problem, SPECTACLES_E_INVAL, "...");`.
 * position: an offset in the text that was read.
 */
int sp_refuse(spectacles_problem *problem, int error, const char *text);
int sp_refuse_at(spectacles_problem *problem, int error, const char *text, size_t position);

/* sp_refuse() about an entry of a list of settings. */
int sp_refuse_entry(spectacles_problem *problem, int error, const char *text, size_t index);

#endif
