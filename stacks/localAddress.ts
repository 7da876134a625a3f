import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** An address of this machine. */
export interface OwnAddress {
  /** The interface that has it: `lo`, `eth0`, `docker0`. */
  interface: string;
  address: string;
  /** The address with the size of its network, as in `172.17.0.1/16`. */
  cidr: string;
}

const loopback = blocks(["127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128"]);

/**
 * Where Docker and the drivers of minikube put the networks of their machines: RFC 1918 without 10.0.0.0/8, which
 * companies route.
 */
const driverNetworks = blocks(["172.16.0.0/12", "192.168.0.0/16"]);

/**
 * Interfaces between this machine and its containers and virtual machines: Docker, Podman, libvirt, VirtualBox, macOS,
 * Hyper-V.
 */
const bridges =
  /^(docker|br-|podman|cni|virbr|vboxnet|bridge\d|vmnet|vmenet|vEthernet|mpqemubr|lxdbr|incusbr|lima|colima)/;

/** Names of this machine, as Docker Desktop and the hosts file have them. */
const loopbackNames = /(^|\.)localhost$|^(host|kubernetes)\.docker\.internal$/;

/** What minikube calls its API server in the hosts file. */
const minikubeName = "control-plane.minikube.internal";

/** @returns whether a host, without brackets, is this machine itself. */
export function isLoopback(host: string): boolean {
  return loopbackNames.test(host) || isIn(loopback, host);
}

/**
 * @returns whether an API server at this host runs on this machine: the host is the machine itself, or in a network
 * between it and its containers and virtual machines. A private address alone proves nothing: offices and companies
 * have those, too.
 * @param own Addresses of this machine.
 */
export function isOfThisMachine(host: string, own: readonly OwnAddress[] = ownAddresses()): boolean {
  return (
    isLoopback(host) ||
    host === minikubeName ||
    own.some((one) => one.address === host || (bridges.test(one.interface) && isIn(blocks([one.cidr]), host)))
  );
}

/**
 * @returns whether a driver of minikube may have given this address to its machine. While that is stopped, so is its
 * bridge, and the system does not list it. An address in a network that this machine shares with others belongs to one
 * of the others.
 */
export function mayBeDriverAddress(host: string, own: readonly OwnAddress[] = ownAddresses()): boolean {
  const isShared = own.some((one) => !bridges.test(one.interface) && isIn(blocks([one.cidr]), host));
  return isIn(driverNetworks, host) && !isShared;
}

/** @returns the addresses of the interfaces that are up. */
export function ownAddresses(): OwnAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address, cidr }) => (cidr === null ? [] : [{ interface: name, address, cidr }])),
  );
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? "ipv6" : "ipv4");
}

function blocks(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
