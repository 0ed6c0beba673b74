/*
 * spectacles/spectacles.h - all of libspectacles. Each header can be included alone as well.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SPECTACLES_SPECTACLES_H
#define SPECTACLES_SPECTACLES_H

#include <spectacles/types.h>

#include <spectacles/broker.h>
#include <spectacles/codec.h>
#include <spectacles/copies.h>
#include <spectacles/document.h>
#include <spectacles/fleet.h>
#include <spectacles/gateway.h>
#include <spectacles/gateway_bot.h>
#include <spectacles/link.h>
#include <spectacles/poller.h>
#include <spectacles/proxy.h>
#include <spectacles/relay.h>
#include <spectacles/resolver.h>
#include <spectacles/routing.h>
#include <spectacles/shard.h>
#include <spectacles/state.h>
#include <spectacles/stream.h>

#endif
