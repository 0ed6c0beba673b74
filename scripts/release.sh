# shellcheck shell=bash
# A release: ./dev release [VERSION]. It publishes nothing: it says what is missing, or leaves a tarball in build/release.

# Everything that would have the tarball say something else than the commit does.
release_obstacle() {
    [ -z "$(git status --porcelain)" ] || say "the folder has changes that are not committed: a release is a commit"
}

# release_tarball REPOSITORY VERSION FILE: the same bytes for the same commit, whoever makes it, when and where.
release_tarball() {
    git -C "$1" -c tar.umask=0022 archive --format=tar --prefix="spectacles-$2/" HEAD | gzip -n -9 >"$3"
}

# Once of this folder and once of a fresh clone, in another time zone and with another umask.
release_twice() {
    local version=$1 folder=$2
    release_tarball . "$version" "$folder/spectacles-$version.tar.gz"
    git clone -q --no-hardlinks . "$folder/clone"
    (umask 077 && TZ=Asia/Tokyo LC_ALL=C release_tarball "$folder/clone" "$version" "$folder/again.tar.gz")
    cmp "$folder/spectacles-$version.tar.gz" "$folder/again.tar.gz" >&2
}

# The tarball builds and tests itself where nothing else is.
release_tries_itself() {
    local version=$1 folder=$2
    tar -xzf "$folder/spectacles-$version.tar.gz" -C "$folder"
    (cd "$folder/spectacles-$version" && meson setup out -Dwerror=true && ninja -C out && meson test -C out --suite unit) \
        >build/logs/release.log 2>&1 || {
        tail -40 build/logs/release.log >&2
        say "the tarball does not build or test itself (the whole log: build/logs/release.log)" >&2
        return 1
    }
}

release() {
    local version=${1:-} folder=$PWD/build/release told
    told=$("$python" scripts/release/ready.py . ${version:+"$version"}) || true
    told+=${told:+$'\n'}$(release_obstacle)
    if [ -n "${told//$'\n'/}" ]; then
        say "This is no release yet:"$'\n'"$(sed '/^$/d; s/^/  /' <<<"$told")" >&2
        return 1
    fi
    [ -n "$version" ] || version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
    abi || return 1
    rm -rf "$folder"
    mkdir -p "$folder" build/logs
    release_twice "$version" "$folder" && release_tries_itself "$version" "$folder" || return 1
    rm -rf "$folder/clone" "$folder/again.tar.gz" "$folder/spectacles-$version"
    (cd "$folder" && sha256sum "spectacles-$version.tar.gz" | tee "spectacles-$version.tar.gz.sha256")
    say "build/release/spectacles-$version.tar.gz; what comes next is in doc/releasing.md"
}
