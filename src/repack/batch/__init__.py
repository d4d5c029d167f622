"""Many discs: one task a disc, on this computer or on a cluster, with a record that survives a kill at any moment."""
