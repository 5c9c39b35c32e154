"""The web page: reads the ledger and the counters, and changes nothing."""
