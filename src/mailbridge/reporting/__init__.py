"""The consolidated report: what a period brought, from where, and how it was answered."""
