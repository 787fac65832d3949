"""110, 119, 120, 122 by one action: the citizen is connected, the call's data goes along, the work order says so."""
