/* The turns of an engine on the loop, and its life. shard.c, broker.c and gateway.c make engines of three kinds. */
#include "engine.h"
#include "values.h"

#include <stdlib.h>

enum {
    ROUNDS = 16 /* batches of one engine in one turn */
};

static void turn(engine *self);

/* ---- JavaScript is called ---- */

static bool call(engine *self, napi_ref function, napi_value argument)
{
    napi_env env = self->instance->env;
    napi_value owner, called, error, result;
    if (napi_get_reference_value(env, self->owner, &owner) != napi_ok || !owner)
        return false; /* the garbage collector has it, and the finalizer follows */
    napi_value arguments[] = {owner, argument};
    napi_get_reference_value(env, function, &called);
    napi_status status =
        napi_make_callback(env, self->instance->context, owner, called, 2, arguments, &result);
    if (status == napi_pending_exception && napi_get_and_clear_last_exception(env, &error) == napi_ok)
        napi_fatal_exception(env, error);
    return status == napi_ok && self->state == ENGINE_RUNNING;
}

/* While somebody waits, the owner stays, and so does the process. */
static void hold(engine *self, bool is_held)
{
    uint32_t count;
    if (self->is_held == is_held || !self->owner)
        return;
    self->is_held = is_held;
    (is_held ? napi_reference_ref : napi_reference_unref)(self->instance->env, self->owner, &count);
    if (self->state != ENGINE_RUNNING)
        return;
    (is_held ? uv_ref : uv_unref)((uv_handle_t *)&self->readable);
    (is_held ? uv_ref : uv_unref)((uv_handle_t *)&self->timer);
}

/* Fills the batch, and hands it over. False: there is nothing, or nobody takes more. */
static bool hand_over(engine *self)
{
    napi_value count;
    napi_env env = self->instance->env;
    batch_begin(env, &self->batch);
    self->kind->fill(env, self);
    if (self->batch.count == 0 && !(self->kind->is_over && self->kind->is_over(self)))
        return false;
    if (!self->kind->is_eager) {
        self->is_wanted = false;
        hold(self, false);
    }
    napi_create_uint32(env, self->batch.count, &count);
    return call(self, self->instance->take, count);
}

/* ---- Turns ---- */

static void on_readable(uv_poll_t *handle, int status, int events)
{
    (void)status, (void)events;
    turn(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
    engine *self = timer->data;
    self->due = SPECTACLES_NEVER;
    turn(self);
}

static void on_again(uv_idle_t *again)
{
    engine *self = again->data;
    uv_idle_stop(again);
    self->is_soon = false;
    turn(self);
}

/* It keeps the process alive: what the owner has asked for leaves before the process may end. */
static void turn_again(engine *self)
{
    self->is_soon = true;
    uv_idle_start(&self->again, on_again);
}

void engine_soon(engine *self)
{
    if (self->state == ENGINE_RUNNING && !self->is_turning && !self->is_soon)
        turn_again(self);
}

/* A timer that fires too early only looks again, so a later deadline leaves it alone. */
static void arm(engine *self)
{
    uint64_t due = self->gateway && self->is_pulled ? spectacles_gateway_deadline(self->gateway)
                                                    : spectacles_poller_deadline(self->poller);
    if (self->is_soon || due >= self->due)
        return;
    int timeout = spectacles_poll_timeout(due, self->now);
    if (timeout == 0) {
        turn_again(self);
        return;
    }
    self->due = self->now + (uint64_t)timeout;
    uv_timer_start(&self->timer, on_timer, (uint64_t)timeout, 0);
}

/* A host name that the link wants addresses of: JavaScript looks it up. */
static void look_up(engine *self)
{
    napi_value name;
    const char *host;
    if (!spectacles_poller_next_link(self->poller, NULL) ||
        !(host = spectacles_link_wants_address(self->link)))
        return;
    if (self->is_asking)
        return;
    napi_create_string_utf8(self->instance->env, host, NAPI_AUTO_LENGTH, &name);
    self->is_asking = true;
    call(self, self->instance->lookup, name);
}

static void move_bytes(engine *self)
{
    if (self->gateway) {
        self->is_pulled = false;
        spectacles_gateway_process(self->gateway, self->now);
    } else {
        spectacles_poller_process(self->poller, self->now);
        look_up(self);
    }
}

/* What the events have led to is written. A link that writes may read as well: then the deadline lies in the past. */
static void settle(engine *self)
{
    if (!self->gateway) {
        spectacles_poller_flush(self->poller, self->now);
        look_up(self);
    }
    if (self->state == ENGINE_RUNNING)
        arm(self);
}

static void turn(engine *self)
{
    napi_handle_scope scope;
    napi_open_handle_scope(self->instance->env, &scope);
    self->is_turning = true;
    self->now = spectacles_now();
    move_bytes(self);
    if (self->kind->is_eager) {
        int rounds = 0;
        while (self->state == ENGINE_RUNNING && rounds < ROUNDS && hand_over(self))
            rounds++;
        if (rounds == ROUNDS && self->state == ENGINE_RUNNING && !self->is_soon)
            turn_again(self);
    } else if (self->state == ENGINE_RUNNING && self->is_wanted) {
        hand_over(self);
    }
    self->is_turning = false;
    if (self->state == ENGINE_RUNNING)
        settle(self);
    napi_close_handle_scope(self->instance->env, scope);
}

uint64_t engine_now(engine *self)
{
    return self->now = spectacles_now();
}

/* ---- Life ---- */

static engine *engine_new(napi_env env, const engine_kind *kind)
{
    engine *self = calloc(1, sizeof *self);
    if (!self)
        return (void *)fail(env, SPECTACLES_E_NOMEM, NULL);
    self->kind = kind;
    self->instance = instance_of(env);
    self->now = spectacles_now();
    self->due = SPECTACLES_NEVER;
    self->users = 1;
    return self;
}

/* One user less. */
static void engine_drop(engine *self)
{
    if (--self->users > 0)
        return;
    if (!self->gateway)
        spectacles_poller_free(self->poller);
    spectacles_link_free(self->link);
    self->kind->free(self);
    spectacles_tls_free(self->tls);
    free(self->scratch);
    free(self);
}

static void on_closed(uv_handle_t *handle)
{
    engine_drop(handle->data);
}

void engine_leave(engine *self)
{
    if (self->state != ENGINE_RUNNING) {
        self->state = ENGINE_LEFT;
        return;
    }
    hold(self, false);
    self->state = ENGINE_LEFT;
    *self->here = self->next;
    if (self->next)
        self->next->here = self->here;
    uv_close((uv_handle_t *)&self->readable, on_closed);
    uv_close((uv_handle_t *)&self->timer, on_closed);
    uv_close((uv_handle_t *)&self->again, on_closed);
    instance_left(self->instance);
}

/* The owner is gone. */
static void on_finalize(napi_env env, void *data, void *hint)
{
    engine *self = data;
    (void)hint;
    engine_leave(self);
    napi_delete_reference(env, self->owner);
    self->owner = NULL;
    batch_free(env, &self->batch);
    engine_drop(self);
}

/* Belongs to the owner from now on. */
static napi_value give(napi_env env, engine *self, napi_value owner)
{
    napi_value made = batch_new(env, &self->batch);
    if (made && napi_wrap(env, owner, self, on_finalize, NULL, &self->owner) == napi_ok)
        return made;
    batch_free(env, &self->batch);
    engine_drop(self);
    return NULL;
}

napi_value engine_open(napi_env env, napi_callback_info info, const engine_kind *kind,
                       bool (*make)(struct given *options, engine *self))
{
    size_t count = 2;
    napi_value arguments[2];
    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    given options = {env, arguments[1], NULL, false};
    engine *self = engine_new(env, kind);
    if (!self)
        return NULL;
    bool is_made = make(&options, self);
    given_free(&options);
    if (is_made)
        return give(env, self, arguments[0]);
    engine_drop(self);
    return NULL;
}

static bool watch(engine *self, uv_loop_t *loop)
{
    int fd = self->gateway ? spectacles_gateway_fd(self->gateway) : spectacles_poller_fd(self->poller);
    if (uv_poll_init(loop, &self->readable, fd) < 0)
        return false;
    uv_timer_init(loop, &self->timer);
    uv_idle_init(loop, &self->again);
    self->readable.data = self->timer.data = self->again.data = self;
    uv_poll_start(&self->readable, UV_READABLE, on_readable);
    return true;
}

/* begin(owner): on the loop, from now on. */
static napi_value begin(napi_env env, napi_callback_info info)
{
    uv_loop_t *loop;
    napi_value owner;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    if (!self || self->state != ENGINE_NEW)
        return NULL;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok || !watch(self, loop))
        return fail(env, SPECTACLES_E_SYS, "the loop does not watch the descriptor of the links");
    self->users += 3;
    self->state = ENGINE_RUNNING;
    self->here = &self->instance->running;
    self->next = *self->here;
    if (self->next)
        self->next->here = &self->next;
    *self->here = self;
    if (!self->is_held) {
        uv_unref((uv_handle_t *)&self->readable);
        uv_unref((uv_handle_t *)&self->timer);
    }
    engine_soon(self);
    return NULL;
}

/* ---- What owners call ---- */

engine *engine_enter(napi_env env, napi_callback_info info, const engine_kind *kind, size_t count,
                     napi_value *arguments)
{
    void *self = NULL;
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok)
        napi_unwrap(env, arguments[0], &self);
    if (self && (!kind || ((engine *)self)->kind == kind))
        return self;
    return (void *)fail(env, SPECTACLES_E_INVAL, "the object is not what the call is for");
}

napi_value engine_result(napi_env env, engine *self, int code)
{
    napi_value result;
    if (code < 0)
        return fail(env, code, self->kind->last_error(self));
    napi_create_int32(env, code, &result);
    return result;
}

/* pull(owner): how many events there are now, in the records. */
static napi_value pull(napi_env env, napi_callback_info info)
{
    napi_value owner, count;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    if (!self)
        return NULL;
    if (!self->is_turning)
        self->now = spectacles_now();
    batch_begin(env, &self->batch);
    self->kind->fill(env, self);
    if (self->batch.count == 0 && !self->is_turning && self->state == ENGINE_RUNNING)
        settle(self);
    napi_create_uint32(env, self->batch.count, &count);
    return count;
}

/* wait(owner): events are wanted when there are some. */
static napi_value wait(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    if (self) {
        self->is_wanted = true;
        hold(self, true);
    }
    return NULL;
}

/* hold(owner, whether somebody waits) */
static napi_value hold_method(napi_env env, napi_callback_info info)
{
    bool is_held;
    napi_value arguments[2];
    engine *self = engine_enter(env, info, NULL, 2, arguments);
    if (!self || napi_get_value_bool(env, arguments[1], &is_held) != napi_ok)
        return NULL;
    self->is_wanted = self->is_wanted && is_held;
    hold(self, is_held);
    return NULL;
}

/* soon(owner) */
static napi_value soon(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    if (self)
        engine_soon(self);
    return NULL;
}

/* leave(owner) */
static napi_value leave(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    if (self)
        engine_leave(self);
    return NULL;
}

/* address(owner, "192.0.2.1 2001:db8::1", why there is none) */
static napi_value address(napi_env env, napi_callback_info info)
{
    napi_value arguments[3];
    engine *self = engine_enter(env, info, NULL, 3, arguments);
    if (!self || !self->link)
        return NULL;
    self->is_asking = false;
    text given = scratch_text(env, self, arguments[1]);
    if (!given.bytes)
        return NULL;
    if (!given.length || spectacles_link_set_address(self->link, given.bytes, given.length) < 0) {
        if (!(given = scratch_text(env, self, arguments[2])).bytes)
            return NULL;
        spectacles_link_set_no_address(self->link, given.bytes, given.length);
    }
    engine_soon(self);
    return NULL;
}

/* peer(owner): the numeric address of the connection that stands, or stood last. */
static napi_value peer(napi_env env, napi_callback_info info)
{
    napi_value owner;
    engine *self = engine_enter(env, info, NULL, 1, &owner);
    return self ? new_text(env, self->link ? spectacles_link_peer(self->link) : "") : NULL;
}

void export_engine(napi_env env, napi_value exports)
{
    static const method methods[] = {{"begin", begin},      {"pull", pull}, {"wait", wait},
                                     {"hold", hold_method}, {"soon", soon}, {"leave", leave},
                                     {"address", address},  {"peer", peer}};
    export(env, exports, methods, sizeof methods / sizeof *methods);
}
