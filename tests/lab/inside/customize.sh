#!/bin/sh
# Make a fresh Debian tree the lab's guest. mmdebstrap runs this with the tree as $1; from the environment:
# KERNEL (version), KERNEL_TREE (what is in its package), SITE_PACKAGES (the product's dependencies), FETCHED (a file
# that is there once both have been fetched, or could not be), INSIDE (this directory).
set -eu
root=$1
until test -e "$FETCHED"; do sleep 0.1; done

# The kernel and of its modules only those the lab's devices need.
chroot "$root" python3 -m venv /opt/scanner-daemon &
mkdir -p "$root/usr/lib/modules"
cp -r "$KERNEL_TREE/lib/modules/$KERNEL" "$root/usr/lib/modules"
chroot "$root" depmod "$KERNEL"
modules="virtio_pci virtio_console evdev uinput uhid hid hid-generic usbhid xhci-pci usbserial ftdi_sio cdc-acm
dummy_hcd libcomposite usb_f_hid usb_f_acm"
for module in $modules; do
    chroot "$root" modprobe --set-version "$KERNEL" --show-depends "$module"
done | awk '$1 == "insmod" { print $2 }' | sort -u >"$root/keep"
find "$root/usr/lib/modules/$KERNEL/kernel" -name '*.ko' | sed "s,^$root/usr,," | sort >"$root/all"
comm -13 "$root/keep" "$root/all" | sed "s,^,$root," | xargs rm -f
rm "$root/keep" "$root/all"
chroot "$root" depmod "$KERNEL"
# Loaded at boot: the guest's own parts and the far ends of the gadgets. The drivers of serial scanners load when needed.
printf '%s\n' virtio_console evdev xhci-pci usbhid hid-generic uhid dummy_hcd libcomposite usb_f_hid usb_f_acm \
    >"$root/etc/modules-load.d/lab.conf"
echo "options dummy_hcd num=2" >"$root/etc/modprobe.d/lab.conf"

# The product's dependencies, where its installation looks for them.
wait  # for the virtual environment
cp -r "$SITE_PACKAGES"/. "$root"/opt/scanner-daemon/lib/python3*/site-packages

# The agent, and nothing at boot that a test does not need.
install -m 755 "$INSIDE/agent.py" "$root/usr/local/sbin/lab-agent"
install -m 644 -D -t "$root/etc/systemd/system" "$INSIDE/lab-agent.service"
mkdir -p "$root/etc/systemd/system/sysinit.target.wants"
ln -s ../lab-agent.service "$root/etc/systemd/system/sysinit.target.wants/"
for unit in systemd-timesyncd.service systemd-networkd.service getty@tty1.service serial-getty@ttyS0.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \
    systemd-pstore.service systemd-update-utmp.service systemd-hwdb-update.service systemd-binfmt.service \
    systemd-journal-flush.service systemd-random-seed.service systemd-firstboot.service \
    systemd-journal-catalog-update.service systemd-update-done.service systemd-update-utmp-runlevel.service \
    getty-static.service systemd-user-sessions.service systemd-sysusers.service dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount modprobe@dm_mod.service modprobe@fuse.service \
    modprobe@loop.service modprobe@drm.service modprobe@efi_pstore.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
ln -s /usr/lib/systemd/systemd "$root/init"
echo lab >"$root/etc/hostname"
: >"$root/etc/fstab"
: >"$root/etc/machine-id"

# It all lives in memory. The product brings its own hardware database, the distribution's is not needed.
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/usr/lib/udev/hwdb.bin "$root"/usr/lib/udev/hwdb.d/* \
    "$root"/usr/share/zoneinfo "$root"/usr/share/perl* "$root"/usr/share/i18n \
    "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/lib/x86_64-linux-gnu/perl* "$root"/usr/share/python-wheels
# A quarter of the archive would be what is known of all countries' telephones and languages; unpacking it is boot time.
site=$(echo "$root"/opt/scanner-daemon/lib/python3*/site-packages)
rm -rf "$site"/phonenumbers/geodata "$site"/phonenumbers/carrierdata "$site"/phonenumbers/tzdata
find "$site/babel/locale-data" -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' -delete
