"""Sinks of mailbridge: one package per CRM, plugins like anybody else's."""
