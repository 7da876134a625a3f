#!/bin/sh
# Turns a Debian root into that of a kind node, as the Dockerfile of kind's base image does.
# usage: nodeRoot.sh ROOT VERSION SERVICES, which are the version of Kubernetes and the addresses of Services
set -eu
root=$1 version=$2 services=$3

chmod 755 "$root"/usr/local/bin/* "$root"/kind/bin/*
rm -rf "$root"/usr/share/locale "$root"/usr/share/doc "$root"/usr/share/man
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
mkdir -p "$root"/opt/cni/bin "$root"/etc/kubernetes/manifests "$root"/kind/manifests
for plugin in bridge host-local loopback portmap; do
  mv "$root/usr/lib/cni/$plugin" "$root/opt/cni/bin/"
done
# Debian's containerd looks for plugins in a folder of its own; what installs one, such as istio-cni, takes the usual one.
rm -r "$root/usr/lib/cni"
ln -s /opt/cni/bin "$root/usr/lib/cni"
for program in kubelet kubeadm kubectl; do
  ln -s kubernetes "$root/usr/bin/$program"
done
printf %s "$version" > "$root/kind/version"

# A node that starts again runs its containers before kube-proxy has written its rules. What then connects to a Service would wait for
# half a minute: nothing answers at that address, and the kernel remembers the connection as one without a translation.
cat > "$root/etc/systemd/system/refuse-untranslated.service" <<UNIT
[Unit]
Description=Refuses connections to Services that kube-proxy does not translate yet
Before=kubelet.service
[Service]
Type=oneshot
ExecStart=/usr/sbin/iptables --wait --append FORWARD --destination $services --jump REJECT
ExecStart=/usr/sbin/iptables --wait --append OUTPUT --destination $services --jump REJECT
[Install]
WantedBy=multi-user.target
UNIT

chroot "$root" /bin/sh -eu <<'INSIDE'
find /lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/*
rm -f /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/basic.target.wants/*
rm -f /lib/systemd/system/sockets.target.wants/*udev* /lib/systemd/system/sockets.target.wants/*initctl*
echo ReadKMsg=no >> /etc/systemd/journald.conf
ln -sf /usr/lib/systemd/systemd /sbin/init
systemctl --quiet enable kubelet.service containerd.service undo-mount-hacks.service refuse-untranslated.service
systemctl --quiet mask systemd-binfmt.service
ctr oci spec |
  jq '.hooks.createContainer |= . + [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' \
    > /etc/containerd/cri-base.json
INSIDE
