#ifndef SP_CODEC_ETF_H
#define SP_CODEC_ETF_H

/* Tags of Erlang's external term format ("ERTS User's Guide: External Term Format"). */
enum sp_etf_tag {
    SP_ETF_NEW_FLOAT = 70,
    SP_ETF_COMPRESSED = 80,
    SP_ETF_SMALL_INTEGER = 97,
    SP_ETF_INTEGER = 98,
    SP_ETF_FLOAT = 99,
    SP_ETF_ATOM = 100,
    SP_ETF_SMALL_TUPLE = 104,
    SP_ETF_LARGE_TUPLE = 105,
    SP_ETF_NIL = 106,
    SP_ETF_STRING = 107,
    SP_ETF_LIST = 108,
    SP_ETF_BINARY = 109,
    SP_ETF_SMALL_BIG = 110,
    SP_ETF_LARGE_BIG = 111,
    SP_ETF_SMALL_ATOM = 115,
    SP_ETF_MAP = 116,
    SP_ETF_ATOM_UTF8 = 118,
    SP_ETF_SMALL_ATOM_UTF8 = 119,
    SP_ETF_VERSION = 131
};

#endif
