/* What all files of the addon share: one instance for each thread of JavaScript, and how calls fail. */
#ifndef ADDON_H
#define ADDON_H

#ifndef NAPI_VERSION
#define NAPI_VERSION 8
#endif
#include <node_api.h>
#include <spectacles/spectacles.h>
#include <stdbool.h>

typedef struct engine engine;

/* The main thread has one, and so has each worker: nothing is global. */
typedef struct instance {
    napi_env env;
    napi_ref take;   /* take(owner, count): events are in the records of the owner */
    napi_ref lookup; /* lookup(owner, host): a host name wants addresses */
    napi_ref fail;   /* fail(code, sentence) makes the error of a code */
    napi_async_context context;
    napi_async_cleanup_hook_handle cleanup;
    bool is_ending;  /* the thread ends: its engines leave the loop */
    engine *running; /* those on the loop */
} instance;

instance *instance_of(napi_env env);
/* Called when an engine has left the loop. */
void instance_left(instance *self);

/* Throws the error of a code. Returns NULL, as a call that has thrown does. */
napi_value fail(napi_env env, int code, const char *sentence);
napi_value fail_problem(napi_env env, int code, const spectacles_problem *problem);

/* A function of the addon. */
typedef struct method {
    const char *name;
    napi_callback call;
} method;

void export(napi_env env, napi_value exports, const method *methods, size_t count);

void export_engine(napi_env env, napi_value exports);
void export_shard(napi_env env, napi_value exports);
void export_broker(napi_env env, napi_value exports);
void export_gateway(napi_env env, napi_value exports);
void export_gateway_looks(napi_env env, napi_value exports);
void export_constants(napi_env env, napi_value exports);
void export_routing(napi_env env, napi_value exports);

#endif
