#ifndef SP_CORE_CONFIG_H
#define SP_CORE_CONFIG_H

#include <spectacles/types.h>

/*
 * The protocol of size-prefixed structs (types.h). `out` holds the defaults of the version that is running
 * and is overlaid with the caller's struct, which may be shorter (an older header) or longer (a newer one:
 * then its tail has to be zero). Every such struct begins with its size as uint32_t.
 */
int sp_config_read(void *out, size_t known, const void *in);

/* Writes the defaults to a caller whose struct has `size` bytes, and sets its size field. */
void sp_config_write(void *out, size_t size, const void *defaults, size_t known);

/* Copies a struct of counters to a caller, whose size field says what it has room for. */
int sp_stats_write(void *out, const void *stats, size_t known);

/* Fills problem (if there is one) and returns error: `return sp_refuse(problem, SPECTACLES_E_INVAL, "...")`.
 */
int sp_refuse(spectacles_problem *problem, int error, const char *text);
int sp_refuse_at(spectacles_problem *problem, int error, const char *text, size_t position);

/* The same, about an entry of a list of settings. */
int sp_refuse_entry(spectacles_problem *problem, int error, const char *text, size_t index);

#endif
