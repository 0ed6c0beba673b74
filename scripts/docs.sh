# shellcheck shell=bash
# The manual: ./dev docs. Pages for man(1) are in build/docs/man, the same and all of doc/ as HTML in build/docs/html.

# What stands in doc/operations.md and was made by a program: pictures of the status page, and the texts that tests hold.
pictures() {
    build
    "$python" tests/tools/pictures.py doc
    SPECTACLES_WRITE_PAGES=1 SPECTACLES_BUILD=build "$python" -m pytest -c tests/pytest.ini -q -k the_page_shows tests/integration
}

docs() {
    local version
    setup
    version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
    rm -rf build/docs
    mkdir -p build/docs
    "$python" scripts/manual/man.py "$version" build/docs/man/man3 include/spectacles/*.h
    "$python" scripts/manual/website.py "$version" build/docs/html
    say "build/docs/html/index.html; man -M build/docs/man spectacles_shard_new"
}
