# shellcheck shell=bash
# How scripts speak to a person, and what they refuse. ./dev reads this file first.

# Debian's own Python has the modules that Debian packages; another one may come first in PATH.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
export PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "$*"; }

# whole WHAT VALUE [LEAST]: ends with a sentence when it is no whole number, or below LEAST (1).
whole() {
    case $2 in '' | *[!0-9]*) ;; *) [ "$2" -lt "${3:-1}" ] || return 0 ;; esac
    say "$1 is a whole number from ${3:-1} on, and not '$2'." >&2
    exit 2
}

# known WHAT NAME ... -- GIVEN ...: ends with a sentence when something is given that is none of the names.
known() {
    local what=$1 names=() given
    shift
    while [ "$1" != -- ]; do
        names+=("$1")
        shift
    done
    for given in "${@:2}"; do
        case " ${names[*]} " in *" $given "*) continue ;; esac
        say "Unknown $what '$given': ${names[*]}." >&2
        exit 2
    done
}
