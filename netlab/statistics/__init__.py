"""Pure functions on measurements; what they return says how sure it is. They know nothing of labs."""
