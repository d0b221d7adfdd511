"""How much of an unknown limit a client gets, in virtual time: upstreams, clients, measures."""
