#!/bin/sh
# Each member that the lane identifies, one JSON object a line.
#
#     SCANNER_DAEMON_TOKEN=… sh events.sh http://127.0.0.1:8770
#
# The token goes in by standard input: other users of the machine can read arguments.
printf 'Authorization: Bearer %s\n' "$SCANNER_DAEMON_TOKEN" |
    curl --silent --show-error --fail --no-buffer --header @- "$1/events" |
    while IFS= read -r line; do
        case $line in
            'data: {"type":"member_identified",'*) printf '%s\n' "${line#data: }" ;;
        esac
    done
