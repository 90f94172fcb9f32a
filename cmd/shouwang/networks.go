package main

import "net/netip"

// everywhere are all networks: for a person at the command line.
var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
