#!/usr/bin/env escript
%% How many publishes RabbitMQ has confirmed, as it counts them itself: one line for each line of the standard input.
%%
%%     escript confirms.escript OWN_NAME NODE
%%
%% RabbitMQ counts for connections that are made after this has said "ready". RabbitMQ forgets what a channel has done some
%% time after the channel is gone; here it is kept, so that the number never falls.

main([Own, Name]) ->
    Node = list_to_atom(Name),
    {ok, _} = net_kernel:start([list_to_atom(Own), shortnames]),
    ok = rpc:call(Node, application, set_env, [rabbit, collect_statistics, fine]),
    io:format("ready~n"),
    answer(Node, #{}).

answer(Node, Known) ->
    case io:get_line("") of
        eof -> ok;
        _ ->
            Rows = rpc:call(Node, ets, tab2list, [channel_exchange_metrics]),
            Now = lists:foldl(fun(Row, All) -> All#{element(1, Row) => element(3, Row)} end, Known, Rows),
            io:format("~b~n", [lists:sum(maps:values(Now))]),
            answer(Node, Now)
    end.
