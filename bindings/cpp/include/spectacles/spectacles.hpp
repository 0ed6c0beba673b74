// spectacles/spectacles.hpp - all of the C++ binding of libspectacles. Each header can be included alone as well.
//
// SPDX-License-Identifier: MIT
#pragma once

#include <spectacles/broker.hpp>
#include <spectacles/codec.hpp>
#include <spectacles/connection.hpp>
#include <spectacles/copies.hpp>
#include <spectacles/document.hpp>
#include <spectacles/gateway.hpp>
#include <spectacles/link.hpp>
#include <spectacles/poller.hpp>
#include <spectacles/relay.hpp>
#include <spectacles/resolver.hpp>
#include <spectacles/routing.hpp>
#include <spectacles/shard.hpp>
#include <spectacles/state.hpp>
#include <spectacles/stream.hpp>
#include <spectacles/types.hpp>
