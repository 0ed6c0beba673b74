"""The walks of doc/architecture.md: what an event and a command pass, as steps; and whether a trace passes the same."""
from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .trace import Entered, Function

# name -> the heading of its section, and the number of its block in the section
WALKS = {"event": ("How an event travels", 0), "SEND": ("How a command travels", 0), "packet": ("How a command travels", 1)}
STEP = re.compile(r"^ *(\d+)\. +(\S.*)$")
FILE = re.compile(r"^ +(lib/\w+/\w+\.c) +(\w+(?:, \w+)*)$")


class Step(NamedTuple):
    number: str
    title: str
    functions: list[Function]


def walk(root: Path, name: str) -> list[Step]:
    """A step without functions refers to others: it is for people."""
    heading, block = WALKS[name]
    section = (root / "doc/architecture.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    steps: list[Step] = []
    for line in section.split("```")[1 + 2 * block].splitlines():
        head, file = STEP.match(line), FILE.match(line)
        if head:
            steps.append(Step(head.group(1), head.group(2), []))
        elif file:
            steps[-1].functions.extend(Function(file.group(1), each) for each in file.group(2).split(", "))
        else:
            assert not line.strip(), f"neither a step nor a file with its functions: {line!r}"
    return steps


def _within(trace: list[Entered], first: int, functions: list[Function]) -> tuple[list[int], str]:
    """Where one call enters these functions, in this order; or the function that is missing."""
    found = [first]
    for function in functions[1:]:
        at = next((each for each in range(found[-1] + 1, min(trace[first].end, len(trace))) if trace[each].function == function), None)
        if at is None:
            return found, str(function)
        found.append(at)
    return found, ""


def match(trace: list[Entered], step: Step, start: int) -> tuple[list[int], str]:
    """Where the trace passes a step: one call of its first function. When it does not: the call that came furthest, and a sentence."""
    best: tuple[list[int], str] = ([], str(step.functions[0]))
    for first in range(start, len(trace)):
        if trace[first].function == step.functions[0]:
            found, missing = _within(trace, first, step.functions)
            if not missing:
                return found, ""
            best = max(best, (found, missing), key=lambda each: len(each[0]))
    found, missing = best
    return found, f"step {step.number}: {missing} is not entered after {step.functions[len(found) - 1] if found else 'the step before'}"


def unlisted(trace: list[Entered], step: Step, found: list[int]) -> list[Function]:
    """What the call passes on its way to a function of the step, in a file that the step does not name."""
    files = {function.file for function in step.functions}
    depth = len(trace[found[0]].stack)
    passed = {each: None for at in found for each in trace[at].stack[depth:]}
    return [each for each in passed if each.file.endswith(".c") and each.file not in files]
