#ifndef TESTS_UNIT_TOOLS_PATIENT_H
#define TESTS_UNIT_TOOLS_PATIENT_H

#include "doctor.h"
#include "memory.h"

/* A doctor over settings from memory, and what it has found. */
struct patient {
    struct memory memory;
    struct settings settings;
    struct findings findings;
    struct doctor doctor;
    uint32_t shard_ids[4];
};

/* more: settings, ending with NULL. The doctor knows of two shards, could log in, and has found the exchange. */
void patient_begin(struct patient *patient, const char *const *more);
void patient_end(struct patient *patient);

/* A finding at this level whose sentence has this text in it, and that is mended by this; NULL: whatever mends it. */
void patient_has(const struct patient *patient, enum finding_level level, const char *what, const char *mend);

/* No finding has this text. */
void patient_has_not(const struct patient *patient, const char *what);

/* How many findings there are. */
size_t patient_count(const struct patient *patient);

#endif
