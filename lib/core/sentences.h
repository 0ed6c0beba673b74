#ifndef SP_CORE_SENTENCES_H
#define SP_CORE_SENTENCES_H

/*
 * Sentences of mistakes that can be made on a relay and on a gateway alike. One mistake has one sentence, whichever
 * handle it was made on, so that no sentence names the handle: whoever has a gateway has never seen its relay.
 */
#define SP_NO_SUCH_SHARD "no shard with this id is served here"
#define SP_SERVED_ALREADY                                                                                    \
    "a shard with this id is served here already: one that is being removed is, until SHARD_REMOVED"
#define SP_NO_SHARDS_ANY_MORE "a stop has begun: no shard is added any more"

#define SP_TOKEN_IS_FOREIGN                                                                                  \
    "the token is of another bot, whose sessions are not those of this one: make a new gateway for it"

#endif
