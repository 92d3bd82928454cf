/*
 * notify: tells a service manager how the daemon is (the sd_notify protocol: a datagram to
 * NOTIFY_SOCKET). Main thread.
 */
#ifndef TURNOUT_CONTROL_NOTIFY_H
#define TURNOUT_CONTROL_NOTIFY_H

/* Sends "READY=1", "STOPPING=1", ...; nothing where no service manager asked for it. */
void notify_send(const char *state);

#endif
