/*
 * The trial of a queue whose basic.consume was refused: its state and its methods. Called by subscriptions.c, setup.c
 * and channels.c.
 */
#include "broker/trial.h"

static bool is_due(const sp_subscription *subscription)
{
    return subscription->state == SP_SUBSCRIPTION_DECLARED && subscription->doubtful;
}

static int ask(sp_topology *topology, sp_buffer *out, uint32_t number)
{
    const sp_subscription *subscription = sp_topology_at(topology, number);
    amqp_basic_qos_t qos = {.prefetch_count = 1};
    amqp_basic_consume_t consume = {.queue = sp_wire_text(subscription->queue),
                                    .consumer_tag = sp_wire_text("trial")};
    int error = sp_wire_method(out, SP_CHANNEL_DECLARE, AMQP_BASIC_QOS_METHOD, &qos);
    if (error == SPECTACLES_OK)
        error = sp_wire_method(out, SP_CHANNEL_DECLARE, AMQP_BASIC_CONSUME_METHOD, &consume);
    if (error != SPECTACLES_OK)
        return error;
    topology->trial = (sp_trial){.state = SP_TRIAL_ASKED, .subscription = number};
    sp_topology_set_state(topology, number, SP_SUBSCRIPTION_TRYING);
    return SPECTACLES_OK;
}

int sp_trial_begin(sp_topology *topology, sp_buffer *out)
{
    for (uint32_t i = 0; i < topology->subscriptions.count; i++) {
        if (is_due(sp_topology_at(topology, i)))
            return ask(topology, out, i);
    }
    return SPECTACLES_OK;
}

bool sp_trial_allows(amqp_method_number_t id)
{
    return id == AMQP_BASIC_QOS_OK_METHOD || id == AMQP_BASIC_DELIVER_METHOD ||
           id == AMQP_BASIC_CANCEL_METHOD;
}

int sp_trial_pass(sp_topology *topology, sp_buffer *out)
{
    amqp_channel_close_t close = {.reply_code = 200, .reply_text = sp_wire_text("")};
    int error = sp_wire_method(out, SP_CHANNEL_DECLARE, AMQP_CHANNEL_CLOSE_METHOD, &close);
    if (error != SPECTACLES_OK)
        return error;
    topology->trial.state = SP_TRIAL_CLOSING;
    sp_topology_at(topology, topology->trial.subscription)->doubtful = false;
    return SPECTACLES_OK;
}

bool sp_trial_end(sp_topology *topology)
{
    bool refused = topology->trial.state == SP_TRIAL_ASKED;
    topology->trial.state = SP_TRIAL_NONE;
    return refused;
}
