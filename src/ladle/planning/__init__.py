"""From a config to a plan: resolve, diff, cost. The deployed state is an argument. Pure."""
