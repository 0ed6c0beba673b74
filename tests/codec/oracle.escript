%% Erlang's own word on the external term format, for the tests of the codec.
%%   request:  one byte what to do, four bytes length (least byte first), the bytes
%%   answer:   one byte how it went, four bytes length, the bytes
-mode(compile).

main(_) ->
    ok = io:setopts(standard_io, [binary, {encoding, latin1}]),
    serve().

serve() ->
    case file:read(standard_io, 5) of
        {ok, <<What, Length:32/little>>} ->
            Bytes = read(Length),
            {How, Out} = try answer(What, Bytes) catch _:Why -> {$!, list_to_binary(io_lib:format("~p", [Why]))} end,
            ok = file:write(standard_io, <<How, (byte_size(Out)):32/little, Out/binary>>),
            serve();
        eof -> ok
    end.

read(0) -> <<>>;
read(Length) -> {ok, Bytes} = file:read(standard_io, Length), Bytes.

%% A random term, and what it is in JSON.
answer($g, <<Seed:32/little>>) ->
    rand:seed(exsss, Seed),
    Term = term(3),
    Options = pick([[], [{minor_version, 0}], [{minor_version, 1}], [{minor_version, 2}]]),
    Etf = term_to_binary(Term, Options),
    {$+, <<(byte_size(Etf)):32/little, Etf/binary, (iolist_to_binary(json(Term)))/binary>>};
%% A compressed one.
answer($z, <<Seed:32/little>>) ->
    rand:seed(exsss, Seed),
    Term = [term(3), binary:copy(<<"abc">>, 200)],
    Etf = term_to_binary(Term, [{compressed, 9}]),
    {$+, <<(byte_size(Etf)):32/little, Etf/binary, (iolist_to_binary(json(Term)))/binary>>};
%% What a term is in JSON.
answer($j, Etf) ->
    {$+, iolist_to_binary(json(binary_to_term(Etf)))}.

pick(List) -> lists:nth(rand:uniform(length(List)), List).

term(0) -> scalar();
term(Depth) ->
    case rand:uniform(10) of
        1 -> [term(Depth - 1) || _ <- lists:seq(1, rand:uniform(6) - 1)];
        2 -> list_to_tuple([term(Depth - 1) || _ <- lists:seq(1, pick([0, 1, 3]))]);
        3 -> list_to_tuple([scalar() || _ <- lists:seq(1, pick([1, 300]))]);
        N when N < 7 -> maps:from_list([{key(), term(Depth - 1)} || _ <- lists:seq(1, rand:uniform(8) - 1)]);
        7 -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(20))];
        _ -> scalar()
    end.

key() ->
    case rand:uniform(4) of
        1 -> pick([op, t, s, d, guild_id, nil, true, undefined, 'ümlaut', '日本', 'with "quotes"', '']);
        2 -> pick([0, 255, -1, 1 bsl 40, -(1 bsl 63), (1 bsl 64) - 1]);
        _ -> text()
    end.

scalar() ->
    case rand:uniform(8) of
        1 -> pick([nil, null, true, false, undefined, 'MESSAGE_CREATE', 'ÿ', '日本語', '']);
        2 -> float();
        N when N < 6 -> text();
        _ -> integer()
    end.

integer() ->
    Magnitude = case rand:uniform(6) of
        1 -> rand:uniform(300);
        2 -> rand:uniform(1 bsl 33);
        3 -> pick([1 bsl 31, 1 bsl 53, 1 bsl 63, 1 bsl 64]) + rand:uniform(5) - 3;
        4 -> rand:uniform(1 bsl 64);
        5 -> rand:uniform(1 bsl 200);
        6 -> rand:uniform(1 bsl 2100)
    end,
    case rand:uniform(3) of 1 -> -Magnitude; _ -> Magnitude end.

float() ->
    case rand:uniform(5) of
        1 -> pick([0.0, -0.0, 1.0, -1.5, 0.1, 1.0e22, 1.0e23, 5.0e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
                   9007199254740993.0, 5.684341886080802e-14, 1.0e-7, 123456789012345680000.0]);
        2 -> math:pow(2, rand:uniform(2000) - 1022);
        3 -> rand:uniform();
        4 -> rand:uniform(1 bsl 50) / 100;
        5 -> any_float()
    end.

any_float() ->
    case <<(rand:uniform(1 bsl 64) - 1):64>> of
        <<F/float>> -> F;
        _ -> any_float()
    end.

text() ->
    unicode:characters_to_binary([character() || _ <- lists:seq(1, pick([0, 1, 5, 15, 16, 17, 40, 300]))]).

character() ->
    case rand:uniform(20) of
        1 -> pick([0, 1, 8, 9, 10, 12, 13, 31, $", $\\, $/, 127, 16#80, 16#7ff, 16#800, 16#ffff, 16#10000, 16#10ffff, 16#d7ff, 16#e000]);
        2 -> pick("日本語äöüß");
        _ -> 31 + rand:uniform(95)
    end.

%% The rules of codec.h. Floats in Erlang's shortest form; the test compares them as numbers.
json(nil) -> "null";
json(null) -> "null";
json(true) -> "true";
json(false) -> "false";
json(Atom) when is_atom(Atom) -> string(atom_to_binary(Atom, utf8));
json(Integer) when is_integer(Integer), abs(Integer) > 1 bsl 53 -> [$", integer_to_list(Integer), $"];
json(Integer) when is_integer(Integer) -> integer_to_list(Integer);
json(Float) when is_float(Float) -> float_to_binary(Float, [short]);
json(Binary) when is_binary(Binary) -> string(Binary);
json(Tuple) when is_tuple(Tuple) -> json(tuple_to_list(Tuple));
json(List) when is_list(List) -> [$[, lists:join($,, [json(Each) || Each <- List]), $]];
json(Map) when is_map(Map) ->
    %% In the order in which they are written.
    [${, lists:join($,, [[name(Key), $:, json(Value)] || {Key, Value} <- maps:to_list(Map)]), $}].

name(Key) when is_atom(Key) -> string(atom_to_binary(Key, utf8));
name(Key) when is_integer(Key), Key >= -(1 bsl 63), Key < 1 bsl 64 -> [$", integer_to_list(Key), $"];
name(Key) when is_binary(Key) -> string(Key).

string(Binary) ->
    Characters = unicode:characters_to_list(Binary),
    true = is_list(Characters),
    [$", unicode:characters_to_binary([escape(C) || C <- Characters]), $"].

escape($") -> "\\\"";
escape($\\) -> "\\\\";
escape(8) -> "\\b";
escape(9) -> "\\t";
escape(10) -> "\\n";
escape(12) -> "\\f";
escape(13) -> "\\r";
escape(C) when C < 32 -> io_lib:format("\\u~4.16.0b", [C]);
escape(C) -> C.
