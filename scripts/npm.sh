# shellcheck shell=bash
# The packages from npm that tests and benchmarks compare with. build/npm holds them.

setup_node() {
    is_debian || return 0
    command -v node >/dev/null || setup nodejs libnode-dev
    command -v npm >/dev/null || setup npm
}

# What others wrote in JavaScript, for the tests and benchmarks that compare with it. One that cannot be had makes
# tests be skipped, with a message.
setup_npm() {
    local folder=build/npm
    setup_node
    cmp -s tests/npm/package.json "$folder/package.json" && return 0
    mkdir -p "$folder" build/logs
    (
        cp tests/npm/package.json "$folder/" && cd "$folder" &&
            npm install --ignore-scripts --no-package-lock --no-audit --no-fund && (build_addon erlpack)
    ) >build/logs/npm.log 2>&1 || {
        rm -f "$folder/package.json"
        say "the packages from npm could not be installed (build/logs/npm.log): tests against them are skipped"
    }
}

# build_addon PACKAGE: compiles what is native in an installed package. node-gyp would fetch node's headers; they are on the
# machine, where the distribution put them.
build_addon() {
    local gyp headers=/usr
    gyp=$(find -L "$(dirname "$(readlink -f "$(command -v npm)")")/.." /usr/share/nodejs /usr/share/node_modules \
        -path '*/node-gyp/bin/node-gyp.js' 2>/dev/null | head -1)
    [ -e /usr/include/node/common.gypi ] || headers=/usr/include/nodejs
    cd "node_modules/$1" && node "$gyp" rebuild --nodedir="$headers" && ls build/Release/*.node
}

# What the newest types of Discord's API have that we have not. npm that cannot be reached is no failure of ours.
upstream() {
    local folder=build/upstream package=discord-api-types@latest
    setup_npm
    mkdir -p "$folder" build/logs
    (cd "$folder" && rm -rf package ./*.tgz && npm pack --silent "$package" && tar -xzf ./*.tgz) >build/logs/upstream.log 2>&1 || {
        say "skipped: npm could not fetch $package (build/logs/upstream.log)"
        return 0
    }
    say "discord-api-types $(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "$folder/package/package.json" | head -1)"
    "$python" tests/tools/upstream.py "$folder/package/gateway/v10.d.ts"
}
