/* oping.h: the C interface of liboping 1.10 (https://noping.cc/), on sonde: what was written and compiled for that runs on this.
 *
 * An object holds hosts in the order in which they were added. ping_send() asks all of them once and waits; then the iterator
 * tells what came of each. RTTs are the kernel's, an answer counts only when it proves which probe it answers, and no
 * privilege is needed where ping sockets are open.
 *
 * Threads: one object may be used by one thread at a time; different objects by different threads. No function exits,
 * prints, or lets an exception out. */
#ifndef SONDE_OPING_H
#define SONDE_OPING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OPING_VERSION 1010000

typedef struct pinghost pinghost_t;
typedef pinghost_t pingobj_iter_t;
typedef struct pingobj pingobj_t;

/* ping_setopt(): the option, and what `value` points to. */
#define PING_OPT_TIMEOUT 0x01 /* double: seconds that ping_send() waits for answers; not negative */
#define PING_OPT_TTL 0x02     /* int: TTL or hop limit of what is sent, 1 to 255 */
#define PING_OPT_AF 0x04      /* int: AF_INET, AF_INET6 or AF_UNSPEC; for hosts added from now on */
#define PING_OPT_DATA 0x08    /* char[]: payload, its first 8 bytes replaced by a token; for hosts added from now on */
#define PING_OPT_SOURCE 0x10  /* char[]: name or address to send from; sets the family to its own */
#define PING_OPT_DEVICE 0x20  /* char[]: name of the interface to send by */
#define PING_OPT_QOS 0x40     /* uint8_t: TOS or traffic class of what is sent */
#define PING_OPT_MARK 0x80    /* int: SO_MARK; takes CAP_NET_RAW or CAP_NET_ADMIN */

#define PING_DEF_TIMEOUT 1.0
#define PING_DEF_TTL 255
#define PING_DEF_AF AF_UNSPEC
#define PING_DEF_DATA "sonde measures what the network does, and nothing else.."

/* ping_iterator_get_info(): what is asked, and its type. */
#define PING_INFO_HOSTNAME 1  /* char[]: the resolver's canonical name */
#define PING_INFO_ADDRESS 2   /* char[]: numeric */
#define PING_INFO_FAMILY 3    /* int: AF_INET or AF_INET6 */
#define PING_INFO_LATENCY 4   /* double: RTT in milliseconds; -1: not answered in the last round */
#define PING_INFO_SEQUENCE 5  /* unsigned int: number of the next probe, i.e. how many were sent */
#define PING_INFO_IDENT 6     /* uint16_t: a number of this host's own */
#define PING_INFO_DATA 7      /* char[]: the payload as it was set, without a final 0 */
#define PING_INFO_USERNAME 8  /* char[]: the name as it was given */
#define PING_INFO_DROPPED 9   /* uint32_t: how many rounds it did not answer */
#define PING_INFO_RECV_TTL 10 /* int: of the last round's answer; -1: none */
#define PING_INFO_RECV_QOS 11 /* uint8_t or unsigned int: TOS or traffic class of the last answer */

/* Makes an object without hosts; NULL: out of memory. */
pingobj_t *ping_construct(void);
/* Frees it with all its hosts. NULL is ignored. */
void ping_destroy(pingobj_t *obj);

/* 0; -1: the value was refused (ping_get_error() says why) and the default taken; -2: unknown option. */
int ping_setopt(pingobj_t *obj, int option, void *value);

/* Asks every host once and waits until all have answered or the timeout has passed. Returns how many answered; -1 when nothing
 * could be asked; -N when N probes could not be sent. */
int ping_send(pingobj_t *obj);

/* Resolves `host` (blocking) and adds it behind the others. 0, also when it is there already; -1: ping_get_error() says why. */
int ping_host_add(pingobj_t *obj, const char *host);
/* 0; -1: there is no such host. An iterator to it stays good for ping_iterator_next() until the next ping_send(). */
int ping_host_remove(pingobj_t *obj, const char *host);

/* The first host; NULL: none. */
pingobj_iter_t *ping_iterator_get(pingobj_t *obj);
/* The host behind; NULL: none. */
pingobj_iter_t *ping_iterator_next(pingobj_iter_t *iter);
int ping_iterator_count(pingobj_t *obj);

/* Copies what `info` names to `buffer`, which has room for *buffer_len bytes; *buffer_len becomes what it takes. 0; ENOMEM: not
 * enough room; EINVAL: unknown info; -1: no iterator or no buffer. PING_INFO_USERNAME wants one byte more than it takes. */
int ping_iterator_get_info(pingobj_iter_t *iter, int info, void *buffer, size_t *buffer_len);

/* What went wrong last; empty: nothing yet. Good until the next call with this object. */
const char *ping_get_error(pingobj_t *obj);

/* A pointer that the caller keeps with a host. */
void *ping_iterator_get_context(pingobj_iter_t *iter);
void ping_iterator_set_context(pingobj_iter_t *iter, void *context);

#ifdef __cplusplus
}
#endif

#endif
