# shellcheck shell=bash
# Which lines of each module the unit tests run: ./dev coverage. gcc counts, gcov reads, tests/tools/coverage.py adds up.

coverage() {
    local folder=build/coverage
    setup
    # -Og: without any optimization the recursion of the codec needs more than the 64 kB of stack that its test gives it.
    configure $folder -Db_coverage=true -Dbuildtype=plain -Ddebug=true -Doptimization=g -Dexamples=false && compile $folder || return 1
    # Counts of an earlier run are no counts of this one.
    find $folder -name '*.gcda' -delete
    meson test -C $folder --no-rebuild --suite unit --print-errorlogs >build/logs/coverage.log 2>&1 || {
        tail -40 build/logs/coverage.log >&2
        return 1
    }
    "$python" tests/tools/coverage.py $folder "$@"
}
