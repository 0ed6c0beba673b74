#ifndef SP_BROKER_CHANNELS_H
#define SP_BROKER_CHANNELS_H

#include "broker/internal.h"

/* Opens all channels on a fresh connection (channel.open, confirm.select). SPECTACLES_E_NOMEM. */
int sp_broker_open_channels(spectacles_broker *broker);

/* channel.open-ok. */
int sp_broker_on_channel_opened(spectacles_broker *broker, uint16_t channel, uint64_t now);

/* channel.close-ok at the end of a trial (trial.h). */
int sp_broker_on_trial_closed(spectacles_broker *broker);

/* channel.close. */
int sp_broker_on_channel_close(spectacles_broker *broker, uint16_t channel, const amqp_channel_close_t *close,
                               uint64_t now);

#endif
