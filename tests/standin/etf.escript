%% Erlang's own codec for the stand-in: what is dispatched becomes a term and goes through term_to_binary, what a client
%% sends comes from binary_to_term. The framing is one byte what to do, four bytes length (least byte first), the bytes.
%% Values come in a form of their own, so that nothing but Erlang writes ETF:
%%   n t f   i LENGTH DIGITS   d DOUBLE   s LENGTH BYTES   a LENGTH NAME   l COUNT ...   m COUNT (KEY VALUE) ...
-mode(compile).

main(_) ->
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]),
    serve().

serve() ->
    case file:read(standard_io, 5) of
        {ok, <<What, Length:32/little>>} ->
            Bytes = read(Length),
            {How, Out} = try erase(any_key), {$+, answer(What, Bytes)} catch _:Why -> {$!, list_to_binary(io_lib:format("~p", [Why]))} end,
            ok = file:write(standard_io, <<How, (byte_size(Out)):32/little, Out/binary>>),
            serve();
        eof -> ok
    end.

read(0) -> <<>>;
read(Length) -> {ok, Bytes} = file:read(standard_io, Length), Bytes.

answer($e, Bytes) ->
    {Term, <<>>} = value(Bytes),
    term_to_binary(Term);
%% Discord takes no compressed terms, and no atoms as keys.
answer($d, <<131, 80, _/binary>>) -> error(compressed);
%% For tests of the stand-in itself: what it wrote, whatever the keys are.
answer($a, Bytes) ->
    put(any_key, true),
    iolist_to_binary(json(binary_to_term(Bytes)));
answer($d, Bytes) ->
    {Term, Used} = binary_to_term(Bytes, [safe, used]),
    Used =:= byte_size(Bytes) orelse error(bytes_after_the_term),
    iolist_to_binary(json(Term)).

value(<<$n, Rest/binary>>) -> {nil, Rest};
value(<<$t, Rest/binary>>) -> {true, Rest};
value(<<$f, Rest/binary>>) -> {false, Rest};
value(<<$i, Length:32/little, Digits:Length/binary, Rest/binary>>) -> {binary_to_integer(Digits), Rest};
value(<<$d, Float/little-float, Rest/binary>>) -> {Float, Rest};
value(<<$s, Length:32/little, Text:Length/binary, Rest/binary>>) -> {Text, Rest};
value(<<$a, Length:32/little, Name:Length/binary, Rest/binary>>) -> {binary_to_atom(Name, utf8), Rest};
value(<<$l, Count:32/little, Rest/binary>>) -> values(Count, Rest, []);
value(<<$m, Count:32/little, Rest/binary>>) ->
    {List, Behind} = values(2 * Count, Rest, []),
    {maps:from_list(pairs(List)), Behind}.

values(0, Rest, Done) -> {lists:reverse(Done), Rest};
values(Count, Rest, Done) ->
    {Value, Behind} = value(Rest),
    values(Count - 1, Behind, [Value | Done]).

pairs([Key, Value | Rest]) -> [{Key, Value} | pairs(Rest)];
pairs([]) -> [].

json(nil) -> "null";
json(null) -> "null";
json(true) -> "true";
json(false) -> "false";
json(Atom) when is_atom(Atom) -> string(atom_to_binary(Atom, utf8));
json(Integer) when is_integer(Integer) -> integer_to_list(Integer);
json(Float) when is_float(Float) -> float_to_binary(Float, [short]);
json(Binary) when is_binary(Binary) -> string(Binary);
json(List) when is_list(List) -> [$[, lists:join($,, [json(Each) || Each <- List]), $]];
json(Map) when is_map(Map) ->
    [${, lists:join($,, [[key(Key), $:, json(Value)] || {Key, Value} <- maps:to_list(Map)]), $}].

key(Key) when is_binary(Key) -> string(Key);
key(Key) when is_atom(Key) ->
    true = get(any_key),
    string(atom_to_binary(Key, utf8)).

string(Binary) ->
    Characters = unicode:characters_to_list(Binary),
    true = is_list(Characters),
    [$", unicode:characters_to_binary([escape(C) || C <- Characters]), $"].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> C.
