#ifndef SP_BROKER_CONFIG_H
#define SP_BROKER_CONFIG_H

#include "broker/internal.h"

/* Checks the settings: SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED, with a problem that names the setting. */
int sp_broker_check_config(const spectacles_broker_config *config, spectacles_problem *problem);

#endif
