#!/bin/sh
# Install or update scanner-daemon on this machine: the program, its user, the udev files, the service.
# usage: udev/install.sh [WHAT], as root. WHAT is what pip can install: this checkout (the default) or a wheel.
set -eu
udev=$(cd "$(dirname "$0")" && pwd)
what=${1:-$udev/..}

test -x /opt/scanner-daemon/bin/python || python3 -m venv /opt/scanner-daemon
/opt/scanner-daemon/bin/python -m pip install --upgrade --root-user-action=ignore "$what"

# The user first: udev ignores a group it does not know.
install -D -m 644 "$udev/scanner-daemon.sysusers" /etc/sysusers.d/scanner-daemon.conf
systemd-sysusers scanner-daemon.conf
install -D -m 644 "$udev/70-scanner-daemon.rules" /etc/udev/rules.d/70-scanner-daemon.rules
install -D -m 644 "$udev/70-scanner-daemon.hwdb" /etc/udev/hwdb.d/70-scanner-daemon.hwdb
systemd-hwdb update
install -D -m 644 "$udev/scanner-daemon.service" /etc/systemd/system/scanner-daemon.service
install -d -m 750 -g scanner-daemon /etc/scanner-daemon
install -d -m 700 /etc/credstore

udevadm control --reload
udevadm trigger --subsystem-match=usb --subsystem-match=input --subsystem-match=hidraw --subsystem-match=tty
udevadm trigger --subsystem-match=misc --sysname-match=uinput
systemctl enable scanner-daemon.service
