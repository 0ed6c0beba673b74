#!/usr/bin/env escript
%% How many publishes RabbitMQ has confirmed, as it counts them itself: one line for each line of the standard input.
%%
%%     escript confirms.escript OWN_NAME NODE
%%
%% RabbitMQ counts for connections that are made after this has said "ready".

main([Own, Name]) ->
    Node = list_to_atom(Name),
    {ok, _} = net_kernel:start([list_to_atom(Own), shortnames]),
    ok = rpc:call(Node, application, set_env, [rabbit, collect_statistics, fine]),
    io:format("ready~n"),
    answer(Node).

answer(Node) ->
    case io:get_line("") of
        eof -> ok;
        _ ->
            Rows = rpc:call(Node, ets, tab2list, [channel_exchange_metrics]),
            io:format("~b~n", [lists:sum([element(3, Row) || Row <- Rows])]),
            answer(Node)
    end.
