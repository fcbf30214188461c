/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Every outcome of a packet or a hold, once. The enum, the counters' fields
 * (abi/counters.h), the metric names and the texts are generated from this
 * list. Counting never decides: a packet's verdict does not depend on it.
 *
 *	X(name, text)
 */
#ifndef RS_REASON_H
#define RS_REASON_H

#define RS_REASONS(X)                                                                                                  \
	/* packets */                                                                                                  \
	X(not_ours, "not for a VIP and of no tracked connection: passed untouched")                                    \
	X(forwarded, "sent on to an instance")                                                                         \
	X(replied, "an instance's packet sent back to its client")                                                     \
	X(connection_new, "a new connection was given an instance")                                                    \
	X(syn_retransmitted, "a repeated SYN followed its connection's instance")                                      \
	X(to_stack, "rewritten and left to the kernel's routing, there is no direct way")                              \
	X(not_allowed, "the client's address is not in the service's rouse.dev/allow-from: SYN dropped")               \
	X(not_visible, "the service is cluster-local and the client outside of this node: SYN dropped")                \
	X(no_service, "the address and port belong to no service: RST, or unreachable")                                \
	X(no_flow, "no connection is known for this packet: RST")                                                      \
	X(no_flow_reset, "an RST for no known connection: dropped")                                                    \
	X(instance_gone, "the connection's instance is gone: RST")                                                     \
	X(fragment_followed, "a fragment sent where the first of its packet went")                                     \
	X(fragment_lost, "a fragment for a VIP whose first was not seen, or too long ago: dropped")                    \
	X(fragment_bad, "a fragment that hides or overwrites headers: dropped")                                        \
	X(fragment_cold, "a packet in fragments that no instance can take now: not held, dropped")                     \
	X(too_long, "longer than the instance's link takes, and not to be fragmented: its sender was told")            \
	X(icmp_echoed, "an echo request that a VIP has answered")                                                      \
	X(icmp_forwarded, "an ICMP error about an instance's packet, sent on to it")                                   \
	X(icmp_replied, "an instance's ICMP error about a client's packet, sent to the client")                        \
	X(icmp_no_flow, "an ICMP error for a VIP, about no known connection: dropped")                                 \
	X(icmp_implausible, "an ICMP error about bytes that were never sent: dropped")                                 \
	X(icmp_unread, "an ICMP error for a VIP that quotes no TCP or UDP: dropped")                                   \
	X(icmp_ignored, "another ICMP message for a VIP: dropped")                                                     \
	X(icmp_limited, "too many ICMP errors at once: this one was not sent")                                         \
	X(malformed, "headers for a VIP that contradict themselves: dropped")                                          \
	X(unsupported, "a protocol that is not served, for a VIP: dropped")                                            \
	X(no_target, "the route has no revision to send to: RST")                                                      \
	X(flow_table_full, "no room for a connection more, and none that may end for it: SYN dropped")                 \
	X(flow_unwatched, "the ageing ring is full: the connection counts as half-open a little longer")               \
	X(hairpin, "an instance was picked for its own connection: it sees the VIP as the client")                     \
	X(port_changed, "the client's port was in use at the instance: it sees another")                               \
	X(port_clash, "the client's port and all others that were tried are in use at the instance: SYN dropped")      \
	X(rewrite_failed, "the kernel refused to change the packet: dropped")                                          \
	/* holds: begun = released + expired + shed + reset + those held now */                                        \
	X(hold_begun, "a SYN that no instance could take")                                                             \
	X(hold_parked, "of these, parked")                                                                             \
	X(hold_refreshed, "a repeated SYN of a parked connection: the newer copy is kept")                             \
	X(hold_released, "ended: an instance answered with SYN-ACK")                                                   \
	X(hold_expired, "ended: all that expired, for whichever of the next four reasons")                             \
	X(hold_expired_idle, "of these, the client stopped repeating its SYN")                                         \
	X(hold_expired_total, "of these, the hold-timeout passed")                                                     \
	X(hold_superseded, "of these, the client began anew with another sequence number")                             \
	X(hold_expired_unserved, "of these, an instance was ready and no agent let it go")                             \
	X(hold_shed, "ended: all that were refused, for whichever of the next six reasons")                            \
	X(hold_shed_node, "of these, the node holds its maximum")                                                      \
	X(hold_shed_revision, "of these, the revision holds its maximum")                                              \
	X(hold_shed_source, "of these, the client's address holds its maximum")                                        \
	X(hold_shed_map, "of these, a map was full")                                                                   \
	X(hold_shed_long, "of these, the SYN's headers are longer than a hold keeps")                                  \
	X(hold_shed_datagram, "of these, the first datagram found no place: too large, or all are taken")              \
	X(hold_reset, "ended: the agent gave up the start, the client got an RST")                                     \
	X(datagram_parked, "a datagram that no instance could take: held")                                             \
	X(datagram_released, "of these, sent on to an instance, in order")                                             \
	X(datagram_lost, "of these, dropped with a hold that ended otherwise")                                         \
	X(datagram_shed_flow, "a datagram beyond what is held of one flow: dropped")                                   \
	X(datagram_shed_node, "a datagram to be held, and no place for it on the node: dropped")                       \
	X(datagram_shed_size, "a datagram to be held that is larger than a place, or several in one: dropped")         \
	X(checksum_missing, "an IPv6 datagram without a checksum would begin a flow: dropped (RFC 8200 8.1)")          \
	X(hold_moved, "a long hold moved to the end of the ring so that the ring goes on")                             \
	X(hold_wake, "a revision rang the agent")                                                                      \
	X(hold_raced, "an instance became ready while the SYN was parked: the agent was rung again")                   \
	X(release_early, "a released SYN found no instance to take it: it stays held")                                 \
	X(release_stale, "the agent's packet for a hold that had ended: dropped")                                      \
	X(release_answered, "a released SYN whose connection had been answered: dropped")                              \
	X(rst_held_back, "an instance's RST to a SYN: dropped, the SYN stays held, or is at its next copy")            \
	/* flows */                                                                                                    \
	X(flow_ended, "a connection's entry was removed")                                                              \
	X(flow_idle, "of these, removed because nothing had been heard for too long")                                  \
	X(flow_evicted, "of these, half-open ones that made room for newer ones")                                      \
	X(end_implausible, "an RST or FIN outside of what the client has in flight: sent on, but not believed")        \
	X(ack_implausible, "an ACK of something else than the handshake: sent on, but not believed")                   \
	X(event_lost, "the event ring was full")

enum rs_reason {
#define X(name, text) RS_REASON_##name,
	RS_REASONS(X)
#undef X
		RS_REASON_COUNT,
};

#endif
