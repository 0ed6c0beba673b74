#ifndef SP_BROKER_CHANNELS_H
#define SP_BROKER_CHANNELS_H

#include "broker/internal.h"

/* Opens all channels on a fresh connection (channel.open, confirm.select). SPECTACLES_E_NOMEM. */
int sp_broker_open_channels(spectacles_broker *broker);

/* channel.open-ok. */
int sp_broker_on_channel_opened(spectacles_broker *broker, uint16_t channel, uint64_t now);

/*
 * Closes the channel for publishing, which has brought nacks alone for some time. It is opened again, and what is not
 * confirmed is published again. SPECTACLES_E_NOMEM.
 */
int sp_broker_renew_publishing(spectacles_broker *broker);

/* channel.close-ok: the library has closed the channel, after a trial (trial.h) or to renew it. */
int sp_broker_on_channel_closed(spectacles_broker *broker, uint16_t channel);

/* channel.close. */
int sp_broker_on_channel_close(spectacles_broker *broker, uint16_t channel, const amqp_channel_close_t *close,
                               uint64_t now);

#endif
