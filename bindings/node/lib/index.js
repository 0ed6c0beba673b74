// Discord's gateway and the Spectacles protocol over AMQP: libspectacles in Node.
"use strict";
const { Broker } = require("./broker");
const { CallError, FatalError, FullError, InvalidError, PublishError, SpectaclesError, StateError } = require("./errors");
const { Gateway } = require("./gateway");
const { GATEWAY_URL, Shard } = require("./shard");
const { GAP_KEY, Intents, about, intentsForEvent, privilegedIntents, proxyFromEnvironment, routeShard } = require("./values");

module.exports = {
  Broker,
  CallError,
  FatalError,
  FullError,
  GAP_KEY,
  GATEWAY_URL,
  Gateway,
  Intents,
  InvalidError,
  PublishError,
  Shard,
  SpectaclesError,
  StateError,
  about,
  intentsForEvent,
  privilegedIntents,
  proxyFromEnvironment,
  routeShard,
};
