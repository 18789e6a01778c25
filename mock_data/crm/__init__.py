"""The rows of each CRM object, built from what customers do."""
