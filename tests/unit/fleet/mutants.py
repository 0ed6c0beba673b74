"""
Breaks one rule of lib/fleet: writes a file of it with a few words changed. test_lives.c, test_plan.c or
test_identifies.c has to find each of them out; those of chaos, tests/chaos/fleet.

    mutants.py NAME SOURCE RESULT
"""
from __future__ import annotations

import sys
from pathlib import Path

# name -> what is replaced, each of which stands in the file once
MUTANTS: dict[str, list[tuple[str, str]]] = {
    # A claim repeats what was read so far, as if it were later than everything else.
    "claim_shadows": [
        ("return SP_FLEET_CLAIM;", "return SP_FLEET_OWNED;"),
        (
            "    lease->retry_at = now + SP_LEASE_RETRY;",
            """    for (size_t i = 0; i < lease->content.count && lease->state == SP_LEASE_CLAIMING; i++)
        lease->content.shards[i].since = record.version;
    lease->retry_at = now + SP_LEASE_RETRY;""",
        ),
    ],
    # What a record contains is acknowledged when the record is sent.
    "acknowledges_early": [
        ("    note_sent(lease);\n    *step", """    for (size_t i = 0; i < lease->held.count; i++)
        ((sp_lease_held *)sp_ring_at(&lease->held, i))->settle = SP_LEASE_ACKNOWLEDGE;
    note_sent(lease);\n    *step"""),
    ],
    "trusts_confirms": [
        (
            "    /* Else a confirm says nothing: everybody's publish is confirmed. */",
            "    else\n        on_back(lease, 0, now);",
        ),
    ],
    "no_fence": [("    return lease->is_lifted ||\n", "    return true || lease->is_lifted ||\n")],
    "deadline_late": [
        (
            "    look_at_deadline(lease, now);\n    return lease->state == SP_LEASE_OWNED",
            "    return lease->state == SP_LEASE_OWNED",
        ),
    ],
    "not_mandatory": [("FLAGS = SPECTACLES_MESSAGE_MANDATORY", "FLAGS = 0")],
    "no_delivery_limit": [('"x-delivery-limit"', '"x-other"')],
    "negative_delivery_limit": [("1000000", "-1")],
    # An owner writes "released" although the one before it may still identify.
    "releases_unclean": [("lease->is_clean = is_behind_fence(lease, now)", "lease->is_clean = true")],
    # ---- The plan ----
    "moves_freely": [
        ("has_room(view, shares, view->owners[slot]))", "false)"),
    ],
    "moves_at_once": [("        if (left > 0)\n", "        if (true)\n")],
    "rounds_down": [("        if (shares->rest[i] == 0)\n", "        if (i > 0)\n")],
    "same_zone": [("bool elsewhere = lightest(view, load, slot, owner, ELSEWHERE) != SP_PLAN_NOBODY", "bool elsewhere = false")],
    "plans_starved": [("return view->members[member].starved >> slot & 1;", "return false;")],
    # ---- Identifies ----
    "impatient_leader": [("grants->quiet_until = alone_since + SP_GRANT_LIFE + SP_GRANT_SPACE", "grants->quiet_until = alone_since")],
    "endless_ask": [("now > ask->asked_at + SP_ASK_TIME", "now < ask->asked_at")],
    "frees_at_once": [("now + SP_GRANT_LIFE + SP_GRANT_SPACE, *turn", "now + SP_GRANT_SPACE, *turn")],
    "forgets_recent": [("(uint64_t)grants->reserve + grants->recent.count", "(uint64_t)grants->reserve")],
    # ---- Another number of shards ----
    # CLOSING although not all of the new shards are connected.
    "switches_early": [
        ("view->is_warm && view->is_former_warm && view->steady >= SP_RESHARD_STEADY", "view->is_former_warm"),
        ("return view->is_warm ? SP_RESHARD_OVERLAP : phase;", "return SP_RESHARD_OVERLAP;"),
    ],
    # The overlap is shorter than the time for which a copy is known.
    "short_overlap": [("view->steady >= SP_RESHARD_STEADY", "view->steady > 0")],
    # A plan is followed and told before it is stored.
    "told_before_stored": [("    return sp_fleet_version_compare(lease->content.control_since, lease->returned) <= 0;", "    return lease->epoch > 0;")],
    "routes_by_former": [("    return phase == SP_RESHARD_CLOSING;", "    return phase > SP_RESHARD_PHASES;")],
    "aborts_late": [
        ("phase == SP_RESHARD_OVERLAP;", "phase == SP_RESHARD_OVERLAP || phase == SP_RESHARD_CLOSING;"),
    ],
    # The old shards do not mark what the new ones may have replayed.
    "marks_late": [('{"warming", SP_RESHARD_MARK, SP_RESHARD_FILTER}', '{"warming", SP_RESHARD_PUBLISH, SP_RESHARD_FILTER}')],
    # A second change finds the sessions of the first one.
    "same_generation": [("(unsigned)++next->generation", "(unsigned)next->generation")],
    "forgets_reserve": [("(uint64_t)grants->reserve + grants->recent.count", "grants->recent.count")],
    # ---- Chaos ----
    "crowds": [("if (find_busy(grants, ask->turn.shard_id % grants->concurrency))", "if (find_busy(grants, UINT32_MAX))")],
    "forgets_sessions": [("    if (record && record->session_id) {\n", "    if (record && !record) {\n")],
    # A takeover begins behind what was stored.
    "skips": [("        fleet->event.session = &fleet->session;\n    }\n", "        fleet->event.session = &fleet->session;\n        fleet->session.seq += 20;\n    }\n")],
    "closes_for_good": [("CLOSE_KEEPS_SESSION = 4000", "CLOSE_KEEPS_SESSION = 1000")],
    # Both numbers of shards publish, and say nothing of it.
    "marks_nothing": [('{"overlap", SP_RESHARD_MARK, SP_RESHARD_MARK}', '{"overlap", SP_RESHARD_PUBLISH, SP_RESHARD_PUBLISH}')],
    # An owner serves nothing when its slot has changed hands often.
    "tires": [("        return true;\n    return has_session &&", "        return slot->lease.epoch < 5;\n    return has_session &&")],
}


def main() -> int:
    name, source, result = sys.argv[1:]
    text = Path(source).read_text()
    for old, new in MUTANTS[name]:
        if text.count(old) != 1:
            sys.exit(f"{source}: {text.count(old)} times, and not once: {old}")
        text = text.replace(old, new)
    Path(result).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
