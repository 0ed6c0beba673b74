# shellcheck shell=bash
# The binary interface: ./dev abi holds it against the one in lib/abi, ./dev abi accept stores it there.

abi() {
    local what
    case ${1:-} in '') what=compare ;; accept) what=write ;; *)
        say "./dev abi, or ./dev abi accept" >&2
        return 2
        ;;
    esac
    setup
    configure_known build
    meson compile -C build spectacles:shared_library >build/logs/abi.log 2>&1 || {
        tail -20 build/logs/abi.log >&2
        return 1
    }
    "$python" tests/tools/abi.py "$what" build/lib/libspectacles.so include lib/abi && say "the binary interface: ${what/write/stored in lib\/abi}"
}
