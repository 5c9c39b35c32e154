"""How a request becomes a batch and answers become bytes: one module per wire format."""
