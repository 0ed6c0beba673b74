/*
 * The module as Node loads it: its functions, and the instance of the thread that loads it. lib/native.js calls
 * setup() once. Everything that a user sees is in lib/.
 */
#include "addon.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

instance *instance_of(napi_env env)
{
    void *self = NULL;
    napi_get_instance_data(env, &self);
    return self;
}

/* ---- Errors ---- */

napi_value fail(napi_env env, int code, const char *sentence)
{
    napi_value make, undefined, arguments[2], error;
    if (!sentence || !*sentence)
        sentence = spectacles_strerror(code);
    napi_get_undefined(env, &undefined);
    napi_create_int32(env, code, &arguments[0]);
    napi_create_string_utf8(env, sentence, NAPI_AUTO_LENGTH, &arguments[1]);
    if (napi_get_reference_value(env, instance_of(env)->fail, &make) == napi_ok &&
        napi_call_function(env, undefined, make, 2, arguments, &error) == napi_ok)
        napi_throw(env, error);
    return NULL;
}

napi_value fail_problem(napi_env env, int code, const spectacles_problem *problem)
{
    char sentence[SPECTACLES_PROBLEM_TEXT_SIZE + SPECTACLES_PROBLEM_WORD_SIZE + 2];
    size_t length = strlen(problem->text);
    memcpy(sentence, problem->text, length + 1);
    if (*problem->word) {
        memcpy(sentence + length, ": ", 2);
        memcpy(sentence + length + 2, problem->word, strlen(problem->word) + 1);
    }
    return fail(env, code, sentence);
}

/* ---- The instance ---- */

/* Engines that are on the loop leave it first: each is closed in a later turn of it. */
static void on_cleanup(napi_async_cleanup_hook_handle handle, void *data)
{
    instance *self = data;
    (void)handle;
    self->is_ending = true;
    for (engine *each = self->running, *next; each; each = next) {
        next = each->next;
        engine_leave(each);
    }
    instance_left(self);
}

void instance_left(instance *self)
{
    if (self->is_ending && !self->running && self->cleanup) {
        napi_remove_async_cleanup_hook(self->cleanup);
        self->cleanup = NULL;
    }
}

static void free_instance(napi_env env, void *data, void *hint)
{
    (void)env, (void)hint;
    free(data);
}

/* setup(take, lookup, fail) */
static napi_value setup(napi_env env, napi_callback_info info)
{
    size_t count = 3;
    napi_value arguments[3], name;
    instance *self = instance_of(env);
    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    napi_create_reference(env, arguments[0], 1, &self->take);
    napi_create_reference(env, arguments[1], 1, &self->lookup);
    napi_create_reference(env, arguments[2], 1, &self->fail);
    napi_create_string_utf8(env, "spectacles", NAPI_AUTO_LENGTH, &name);
    napi_async_init(env, NULL, name, &self->context);
    return NULL;
}

/* ---- Functions ---- */

void export(napi_env env, napi_value exports, const method *methods, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        napi_value function;
        napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].call, NULL, &function);
        napi_set_named_property(env, exports, methods[i].name, function);
    }
}

NAPI_MODULE_INIT(/* env, exports */)
{
    static const method methods[] = {{"setup", setup}};
    instance *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->env = env;
    napi_set_instance_data(env, self, free_instance, NULL);
    napi_add_async_cleanup_hook(env, on_cleanup, self, &self->cleanup);
    export(env, exports, methods, sizeof methods / sizeof *methods);
    export_engine(env, exports);
    export_shard(env, exports);
    export_broker(env, exports);
    export_gateway(env, exports);
    export_gateway_looks(env, exports);
    export_routing(env, exports);
    export_constants(env, exports);
    return exports;
}
