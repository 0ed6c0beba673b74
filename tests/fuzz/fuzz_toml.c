/* The daemon's reader of TOML: whatever it takes is a tree within its limits; whatever it refuses has a place. */
#include "fuzz.h"
#include "toml.h"

static size_t check(const struct toml_value *value, size_t depth)
{
    size_t count = 1;
    must(depth <= TOML_DEPTH_MAX);
    must(value->place.line > 0 && value->place.column > 0);
    must(value->type != TOML_STRING || value->text[value->text_length] == '\0');
    must(!value->key || value->key[value->key_length] == '\0');
    for (const struct toml_value *each = value->first; each; each = each->next) {
        must((value->type == TOML_TABLE) == (each->key != NULL));
        must(each->next || each == value->last);
        count += check(each, depth + 1);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct toml *toml = NULL;
    struct toml_problem problem = {.text = ""};
    int error = toml_read(&toml, (const char *)bytes, length, &problem);
    must(error != SPECTACLES_E_NOMEM);
    if (error)
        must(!toml && problem.text[0] && problem.place.line > 0 && problem.place.column > 0);
    else
        must(check(toml_root(toml), 0) <= TOML_VALUES_MAX + 1);
    toml_free(toml);
    return 0;
}
