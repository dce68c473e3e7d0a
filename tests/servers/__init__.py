"""Services on this machine, over real sockets, that speak as the vendors' and lie on command."""
