# shellcheck shell=bash
# Debian packages of what is in this folder: ./dev package. They are in build/package.

package_packages=(build-essential dpkg-dev debhelper fakeroot lintian debootstrap systemd procps)

# What git knows or could know, and nothing that was built.
copy_sources() {
    mkdir -p "$1"
    git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c | tar -x -C "$1"
}

package() {
    local folder=$PWD/build/package
    is_debian || {
        say "Debian packages are built on Debian and Ubuntu." >&2
        return 1
    }
    setup "${package_packages[@]}"
    rm -rf "$folder"
    copy_sources "$folder/spectacles"
    (cd "$folder/spectacles" && dpkg-buildpackage -b -us -uc) >"$folder/build.log" 2>&1 || {
        tail -40 "$folder/build.log" >&2
        say "the packages do not build: build/package/build.log" >&2
        return 1
    }
    lintian --fail-on error --tag-display-limit 0 "$folder"/*.changes
    say "built: $(cd "$folder" && printf 'build/package/%s ' *.deb)"
}
