"""The mock CRM: what its objects are, how customers behave, and where the rows go."""
